"""Every name that a scenario uses is declared, and none means two things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from pyscrai.did_you_mean import instead
from pyscrai.templates.cel.parser import KEYWORDS
from pyscrai.templates.cel.scope import EVENT_KINDS
from pyscrai.templates.cel.variable_target import variable_target
from pyscrai.templates.checks.report import WARNINGS, Subject
from pyscrai.templates.models.base import END, Part
from pyscrai.templates.models.flow import Phase, Transition
from pyscrai.templates.reading.positions import Path, Step

RESERVED_ROLES = ("begin", "gather", "end", "all", "whisper", "each", "scenario", "template", "rule", "run")
"""Words that the graph, audiences, measures and the event log use for themselves."""


def check_names(subject: Subject) -> None:
    """Declarations first, then every use of a name."""
    _declarations(subject)
    _acknowledged(subject)
    for name, phase in subject.scenario.flow.phases.items():
        _phase(subject, ("flow", "phases", name), phase)
    scenario = subject.scenario
    if scenario.flow.start not in scenario.flow.phases:
        subject.unknown("phase", scenario.flow.start, scenario.flow.phases, ("flow", "start"))
    for name, role in scenario.roles.items():
        if isinstance(role.hears, tuple):
            _names(subject, role.hears, ("roles", name, "hears"))
    for name, variable in scenario.variables.items():
        own = ("own",) if variable.per_role and "own" not in scenario.roles else ()
        _names(subject, variable.visible_to, ("variables", name, "visible_to"), also=own)
        _names(subject, () if isinstance(variable.per_role, bool) else variable.per_role,
               ("variables", name, "per_role"))
        _names(subject, variable.changed_by or (), ("variables", name, "changed_by"))
    for name, action in scenario.actions.items():
        _names(subject, action.audience, ("actions", name, "audience"))
        _names(subject, action.by or (), ("actions", name, "by"))
        _variables(subject, action.set, ("actions", name, "set"))
    _variables(subject, scenario.setup, ("setup",))
    for index, rule in enumerate(scenario.rules):
        _variables(subject, rule.set, ("rules", index, "set"))
        if rule.inject is not None:
            _names(subject, rule.inject.audience, ("rules", index, "inject", "audience"))
    for index, inject in enumerate(scenario.injects):
        _names(subject, inject.audience, ("injects", index, "audience"))
        _variables(subject, inject.set, ("injects", index, "set"))
        if inject.phase is not None and inject.phase not in scenario.flow.phases:
            subject.unknown("phase", inject.phase, scenario.flow.phases, ("injects", index, "phase"))
    _analysis(subject)


def _declarations(subject: Subject) -> None:
    scenario = subject.scenario
    for role in scenario.roles:
        if role in RESERVED_ROLES:
            subject.error("reserved", ("roles", role),
                          f"no role can be called `{role}`: the word has a meaning of its own",
                          value=role, cure="choose another name", on_key=True)
    for group in scenario.groups:
        path: Path = ("groups", group)
        if group in RESERVED_ROLES:
            subject.error("reserved", path, f"no group can be called `{group}`: the word has a meaning of its own",
                          value=group, cure="choose another name", on_key=True)
        if group in scenario.roles:
            subject.error("name_clash", path, f"`{group}` is a role and a group", value=group,
                          cure="give the group another name", on_key=True)
        earlier = list(scenario.groups)[:list(scenario.groups).index(group)]
        for index, name in enumerate(scenario.named(group)):
            if name in scenario.groups and name not in earlier and name != group:
                subject.error("group_order", (*path, index),
                              f"the group `{name}` stands after `{group}`, which names it",
                              value=name, cure=f"move `{name}` up")
            elif name not in scenario.roles and name not in earlier and name != "all":
                subject.unknown("role or group", name, [*scenario.roles, *earlier], (*path, index))
    if END in scenario.flow.phases:
        subject.error("reserved", ("flow", "phases", END),
                      "no phase can be called `end`: it stands for the end of the run",
                      value=END, cure="choose another name", on_key=True)
    for kind, declared in (("variables", list(scenario.variables)), ("parameters", list(scenario.parameters))):
        for name in declared:
            if name in KEYWORDS or hasattr(dict, name):
                subject.error("reserved", (kind, name), f"conditions and prompts cannot read a name like `{name}`",
                              value=name, cure=f"choose another name, for example {name}_", on_key=True)


def _acknowledged(subject: Subject) -> None:
    for path, part in parts_of(subject.scenario):
        for index, code in enumerate(part.allow):
            if code not in WARNINGS:
                subject.error("unknown_warning", (*path, "allow", index), f"there is no warning `{code}`", value=code,
                              cure=instead(code, sorted(WARNINGS)))


def parts_of(model: BaseModel, path: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every part of a template that can acknowledge warnings, with its path."""
    if isinstance(model, Part):
        yield path, model
    for field in type(model).model_fields:
        value = getattr(model, field)
        inner: Iterable[tuple[Path, Any]] = (
            [((field,), value)] if isinstance(value, BaseModel) else
            [((field, key), item) for key, item in value.items()] if isinstance(value, Mapping) else
            [((field, index), item) for index, item in enumerate(value)] if isinstance(value, tuple) else [])
        for step, item in inner:
            if isinstance(item, BaseModel):
                yield from parts_of(item, (*path, *step))


def _phase(subject: Subject, path: Path, phase: Phase) -> None:
    scenario = subject.scenario
    _speakers(subject, path, phase)
    _names(subject, phase.audience, (*path, "audience"))
    _names(subject, phase.audiences, (*path, "audiences"), also=("whisper",))
    for what in ("moderator", "resolver"):
        name = getattr(phase, what)
        if name is not None:
            one_role(subject, name, (*path, what))
    for field in ("on_enter", "on_leave"):
        _variables(subject, getattr(phase, field), (*path, field))
    if phase.observe is not None:
        one_role(subject, phase.observe.by, (*path, "observe", "by"))
    if phase.action is not None and phase.action not in scenario.actions:
        subject.unknown("action", phase.action, scenario.actions, (*path, "action"))
    for index, name in enumerate(phase.optional_actions):
        if name not in scenario.actions:
            subject.unknown("action", name, scenario.actions, (*path, "optional_actions", index))
    for index, transition in enumerate(phase.next):
        _transition(subject, (*path, "next", index), phase, transition)


def _speakers(subject: Subject, path: Path, phase: Phase) -> None:
    if isinstance(phase.speakers, str):
        if names := subject.listed(phase.speakers):
            subject.error("type", (*path, "speakers"), f"the text {phase.speakers!r} stands where a list is wanted",
                          value=phase.speakers, cure=f"write [{', '.join(names)}]")
        return
    plain = [entry if isinstance(entry, str) else "all" for entry in phase.speakers]
    again = phase.order in ("sequence", "round_robin")      # a referee may speak after each move
    _names(subject, plain, (*path, "speakers"), again=again or len(set(plain)) < len(plain) - 1)
    for index, entry in enumerate(phase.speakers):
        if isinstance(entry, str):
            continue
        if entry.role is not None:
            one_role(subject, entry.role, (*path, "speakers", index, "role"))
        elif entry.group not in ("all", *subject.scenario.groups):
            subject.unknown("group", str(entry.group), ["all", *subject.scenario.groups],
                            (*path, "speakers", index, "group"))


def _transition(subject: Subject, path: Path, phase: Phase, transition: Transition) -> None:
    scenario = subject.scenario
    if transition.to != END and transition.to not in scenario.flow.phases:
        subject.unknown("phase", transition.to, [*scenario.flow.phases, END], (*path, "to"))
    if transition.on_event is not None and transition.on_event not in EVENT_KINDS:
        subject.unknown("event kind", transition.on_event, EVENT_KINDS, (*path, "on_event"))
    majority = transition.majority
    if majority is None:
        return
    action = scenario.actions.get(majority.action)
    if action is None:
        subject.unknown("action", majority.action, scenario.actions, (*path, "majority", "action"))
        return
    if majority.action != phase.action and majority.action not in phase.optional_actions:
        subject.error("majority", (*path, "majority", "action"),
                      f"nobody makes the move `{majority.action}` in this phase",
                      value=majority.action, cure=f"add `action: {majority.action}` to the phase")
    argument = action.fields.get(majority.field)
    if argument is None:
        subject.unknown("argument", majority.field, action.fields, (*path, "majority", "field"))
    elif majority.value is not None and argument.choices and majority.value not in argument.choices:
        subject.error("majority", (*path, "majority", "value"), f"{majority.value!r} can never be chosen",
                      value=majority.value, cure=f"one of {', '.join(map(str, argument.choices))}")


def _analysis(subject: Subject) -> None:
    scenario = subject.scenario
    for path, end, _ in subject.ends:
        if end.phrase is not None and not isinstance(end.phrase, str):
            _names(subject, end.phrase.by, (*path, "phrase", "by"))
        if end.judge is not None:
            one_role(subject, end.judge.by, (*path, "judge", "by"))
    if scenario.analysis is None:
        return
    one_role(subject, scenario.analysis.by, ("analysis", "by"))
    seen: set[str] = set()
    for index, measure in enumerate(scenario.analysis.measures):
        path = ("analysis", "measures", index)
        if measure.name in seen:
            subject.error("name_clash", (*path, "name"), f"two measures are called `{measure.name}`",
                          value=measure.name,
                          cure="give one another name")
        seen.add(measure.name)
        known = ("scenario", "each", *scenario.roles, *scenario.groups)
        if measure.of not in known:
            subject.unknown("role or group", measure.of, known, (*path, "of"))


def one_role(subject: Subject, name: str, path: Sequence[Step]) -> None:
    """Check the name of a single role."""
    if name in subject.scenario.groups:
        subject.error("unknown_role", path, f"`{name}` is a group; one role is wanted", value=name)
    elif name not in subject.scenario.roles:
        subject.unknown("role", name, subject.scenario.roles, path)


def _names(subject: Subject, names: Sequence[str], path: Path, *, also: Sequence[str] = (), again: bool = False
           ) -> None:
    scenario = subject.scenario
    for index, name in enumerate(names):
        if name not in scenario.roles and name not in scenario.groups and name != "all" and name not in also:
            subject.unknown("role or group", name, [*scenario.roles, *scenario.groups, "all", *also], (*path, index))
        elif not again and name in names[:index]:
            subject.warn("repeated", (*path, index), f"`{name}` stands here twice", value=name, cure="remove one")


def _variables(subject: Subject, targets: Iterable[str], path: Path) -> None:
    for target in targets:
        name, key = variable_target(target)
        if key == "" or (key is not None and not target.endswith("]")):
            subject.error("name", (*path, target), f"{target!r} is neither a variable nor an entry of one",
                          value=target, cure="write the variable's name, or name[key]", on_key=True)
        elif name not in subject.scenario.variables:
            subject.unknown("variable", name, subject.scenario.variables, (*path, target), on_key=True)
