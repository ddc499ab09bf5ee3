"""Which names an expression may read, and their types: the one definition for checks and runtime.

A runtime context is plain data of the shape of ``Context``; ``scope_of`` says what a scenario has in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal, TypedDict

from pyscrai.templates.models.action import ActionSpec, Argument
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.variable import Domain, Variable

EVENT_KINDS = (
    "run_started", "run_paused", "run_resumed", "run_waiting", "run_completed", "run_failed", "run_stopped",
    "run_forked", "control", "not_applied", "phase_entered", "speaker_chosen", "flow_warning", "end_reached",
    "utterance", "action", "inject", "variable_changed", "change_refused", "tool_called", "tool_refused",
    "memory_summarized", "reflection", "assessment", "measurement", "verdict", "report", "model_retried",
    "model_fell_back", "reply_repaired", "turn_skipped", "result_missing", "role_taken", "role_released")
"""Kinds of events, as ``pyscrai.events`` has them; a test keeps the two in step."""

Kind = Literal["bool", "int", "double", "string", "null", "list", "map", "struct", "any"]

WORDS: Mapping[Kind, str] = {"bool": "true or false", "int": "an integer", "double": "a number", "string": "a text",
                             "null": "null", "list": "a list", "map": "a map", "struct": "a group of names",
                             "any": "anything"}


class Last(TypedDict):
    """The last turn: who took it, what was said, and the kind of its first event; empty texts before the first turn."""

    role: str
    text: str
    kind: str


class ExpressionContext(TypedDict, total=False):
    """What a runtime hands to expressions. ``args`` is there in an action's ``set`` alone."""

    vars: Mapping[str, Any]
    params: Mapping[str, Any]
    turn: int
    phase: str
    phase_turns: int
    round: int
    last: Last
    mover: str
    """In an action's ``set`` the role that makes the move; elsewhere the role that took the last turn."""
    events: Mapping[str, int]
    """Event kind to how many happened so far."""
    cost: float
    """USD."""
    tokens: int
    seconds: float
    measures: Mapping[str, Any]
    """The latest value, or role to latest value where a measure is of roles."""
    tally: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Action to field to value (as text) to how often it was given in this phase."""
    chosen: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Action to field to role to the value that the role gave last in this phase."""
    moves: Sequence[Mapping[str, Any]]
    """The moves of this round, in order: ``role``, ``action`` and ``args`` of each."""
    roles: Sequence[str]
    """The roles of the cast that are no Analysts, in order."""
    groups: Mapping[str, Sequence[str]]
    """Group to the roles that are in it now. A group can also be read by its name alone, if nothing else has it."""
    args: Mapping[str, Any]
    role: str
    """The role in question, where a condition or value is of roles: groups, speakers, measures."""
    names: Mapping[str, str]
    """Role to its name in the transcript, for ``name()``; not read by itself."""
    chance: Callable[[], Random]
    """Gives the generator that ``random()`` and kin draw from, seeded by the run and by the place of the draw; not read
    by itself."""


HIDDEN = ("names", "chance")
"""Parts of a context that functions read and expressions cannot."""


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value, as far as it matters to an author.

    ``choices`` are the texts that a string can be or the keys that a map can have; ``noun`` is what the fields of a
    struct are called; ``optional`` says that a field may not be there yet.
    """

    kind: Kind
    choices: tuple[str, ...] | None = None
    item: Type | None = None
    fields: Mapping[str, Type] = field(default_factory=dict)
    noun: str = "field"
    optional: bool = False

    @property
    def words(self) -> str:
        """The type in words: *an integer*."""
        return WORDS[self.kind]

    @property
    def plural(self) -> str:
        """Several of the type in words: *integers*."""
        return {"bool": "truth values", "any": "anything", "null": "nulls", "struct": "groups of names"}.get(
            self.kind, f"{self.words.removeprefix('an ').removeprefix('a ')}s")

    @property
    def numeric(self) -> bool:
        """Whether it is an integer or a number."""
        return self.kind in ("int", "double")


ANY = Type("any")
BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
STRING = Type("string")
NULL = Type("null")


def value_type(value: Any) -> Type:
    """The type of a plain value."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    kinds: tuple[tuple[Any, Kind], ...] = ((int, "int"), (float, "double"), (str, "string"), (list | tuple, "list"),
                                           (Mapping, "map"))
    return Type(next((kind for python, kind in kinds if isinstance(value, python)), "any"))


def domain_type(domain: Domain) -> Type:
    """The type of a parameter, or of one value of a variable."""
    if not isinstance(domain, Variable) or domain.type not in ("list", "map"):
        return _scalar(domain.type, domain.choices)
    return Type("list" if domain.type == "list" else "map", item=_scalar(domain.item, domain.choices))


def variable_type(variable: Variable, scenario: ScenarioTemplate) -> Type:
    """The type of a variable; a map of role to value where each role has one."""
    one = domain_type(variable)
    return Type("map", choices=members(variable.holders, scenario), item=one) if variable.per_role else one


def scope_of(scenario: ScenarioTemplate, *, action: ActionSpec | None = None, of_role: bool = False
             ) -> dict[str, Type]:
    """The names that expressions of a scenario may read, with their types.

    Args:
        action: the action whose ``set`` reads its arguments as ``args``.
        of_role: whether the expression is about a role, which it reads as ``role``.
    """
    a_role = Type("string", choices=tuple(scenario.roles))
    groups = {name: Type("list", item=Type("string", choices=members((name,), scenario))) for name in scenario.groups}
    scope = {
        "vars": _struct({name: variable_type(domain, scenario) for name, domain in scenario.variables.items()},
                        "variable"),
        "params": _struct({name: domain_type(domain) for name, domain in scenario.parameters.items()}, "parameter"),
        "turn": INT, "phase": Type("string", choices=tuple(scenario.flow.phases)), "phase_turns": INT, "round": INT,
        "last": _struct({"role": Type("string", choices=("", *scenario.roles)), "text": STRING,
                         "kind": Type("string", choices=("", *EVENT_KINDS))}, "field"),
        "mover": Type("string", choices=("", *scenario.roles)),
        "events": _struct(dict.fromkeys(EVENT_KINDS, INT), "event kind"),
        "cost": DOUBLE, "tokens": INT, "seconds": DOUBLE,
        "measures": _struct({measure.name: replace(measure_type(measure, scenario), optional=True)
                             for measure in (scenario.analysis.measures if scenario.analysis else ())}, "measure"),
        "tally": _struct({name: _struct({key: _counts(argument) for key, argument in spec.fields.items()}, "argument")
                          for name, spec in scenario.actions.items()}, "action"),
        "chosen": _struct({name: _struct({key: Type("map", choices=a_role.choices, item=argument_type(argument))
                                          for key, argument in spec.fields.items()}, "argument")
                           for name, spec in scenario.actions.items()}, "action"),
        "moves": Type("list", item=_struct({
            "role": a_role, "action": Type("string", choices=tuple(scenario.actions) or ("",)), "args": ANY}, "field")),
        "roles": Type("list", item=a_role), "groups": _struct(groups, "group")}
    scope.update({name: kind for name, kind in groups.items() if name not in ExpressionContext.__annotations__})
    return scope | own_scope(scenario, action=action, of_role=of_role)


def own_scope(scenario: ScenarioTemplate, *, action: ActionSpec | None, of_role: bool) -> dict[str, Type]:
    """The names that an expression reads beyond those of all others."""
    a_role = Type("string", choices=tuple(scenario.roles))
    scope = {"role": a_role} if of_role else {}
    if action is not None:
        scope["mover"] = a_role
        scope["args"] = _struct({name: replace(argument_type(argument), optional=not argument.required)
                                 for name, argument in action.fields.items()}, "argument")
    return scope


def argument_type(argument: Argument) -> Type:
    """The type of an action's argument."""
    return _scalar(argument.type, argument.choices)


def measure_type(measure: Measure, scenario: ScenarioTemplate) -> Type:
    """The type of a measure's latest value."""
    one = INT if measure.scale else Type("string", choices=measure.categories) if measure.categories else DOUBLE
    if measure.value is not None:
        one = ANY
    if measure.of == "scenario":
        return one
    roles = scenario.roles if measure.of == "each" else members((measure.of,), scenario)
    return _struct(dict.fromkeys(roles, one), "role")


def members(names: Sequence[str], scenario: ScenarioTemplate) -> tuple[str, ...]:
    """Role ids behind role and group names, each once; names that are neither drop out."""
    found: dict[str, None] = {}
    pending = list(reversed(names))
    opened: set[str] = set()
    while pending:
        name = pending.pop()
        if name == "all":
            found.update(dict.fromkeys(scenario.roles))
        elif name in scenario.groups:
            if name not in opened:
                opened.add(name)
                pending.extend(reversed(scenario.named(name)))
        elif name in scenario.roles:
            found[name] = None
    return tuple(found)


def _scalar(kind: str, choices: Sequence[Any] | None) -> Type:
    if kind == "string":
        texts = tuple(choice for choice in choices or () if isinstance(choice, str))
        return Type("string", choices=texts) if choices else STRING
    return {"integer": INT, "number": DOUBLE, "boolean": BOOL}[kind]


def _counts(argument: Argument) -> Type:
    if argument.choices:
        values = tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in argument.choices)
        return Type("map", choices=values, item=INT)
    return Type("map", choices=("true", "false") if argument.type == "boolean" else None, item=INT)


def _struct(fields: Mapping[str, Type], noun: str) -> Type:
    return Type("struct", fields=fields, noun=noun)
