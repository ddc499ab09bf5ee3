"""The view of a role: all that it may know at a turn, the only source of prompts and summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from pyscrai.audience import hears
from pyscrai.engines.orchestration.context import state_context
from pyscrai.engines.orchestration.plan import OWN, PhasePlan, Plan, members
from pyscrai.engines.state import Line, let_go
from pyscrai.prompts.library import render_text
from pyscrai.templates.cel.expression import value
from pyscrai.templates.models.action import ActionSpec, NoChoice
from pyscrai.templates.models.analysis import Measure

LAST = "last "
"""What the key of a measure's value begins with beside its change, in the state."""

_TURN = itemgetter("turn")


@dataclass(frozen=True, slots=True)
class View:
    """A role's knowledge: nothing in it comes from an event outside the role's audience."""

    role: str
    turn: int
    phase: str
    phase_title: str
    task: str
    summary: str
    lines: tuple[Line, ...]
    """The lines that it heard since its summary, oldest first."""
    variables: Mapping[str, Any]
    recalled: tuple[str, ...] = ()
    """Memories from beyond the window that are brought back for this turn."""
    gone: int = -1
    """Lines up to this turn have left the state; the log has them."""
    spoken: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For the Analyst who measures: how much each role has said in its hearing so far, the whole play long."""
    acted: frozenset[str] | None = None
    """For the Analyst who measures: the roles that have taken a turn; None where that is not known."""
    scene: tuple[str, ...] | None = None
    """The roles among which this one talks where several groups talk at the same time."""
    behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every name that stands for roles to those behind it at this moment."""
    speakers: tuple[str, ...] = ()
    """The roles that take part in the present round of the phase."""
    required: tuple[str, ...] = ()
    """The typed moves that this role must make in its turn."""
    actions: Mapping[str, ActionSpec] = field(default_factory=dict)
    """The typed moves that it must or may make, each with the choices and bounds that it has at this moment."""
    intent_of: Callable[[str, Mapping[str, Any]], str] = lambda action, arguments: ""
    """Gives what the role means with a move, in the first person, by the move's name and arguments."""
    value_of: Callable[[Measure, str | None], Any] | None = None
    """For the Analyst who measures: gives a computed measure, of a role or of the whole play."""
    last_values: Mapping[str, Any] = field(default_factory=dict)
    """For the Analyst who measures: what measures that tell a difference were when they were taken last."""


def known_lines(role: str, lines: Iterable[Line], *, after: int = -1) -> tuple[Line, ...]:
    """The lines that a role may know, of turns later than ``after``, in the order of their turns."""
    heard = [line for line in lines
             if line["turn"] > after and hears(role, audience=line["audience"], speaker=line["speaker"])]
    heard.sort(key=_TURN)
    return tuple(heard)


def view(plan: Plan, state: Mapping[str, Any], role: str, *, turn: int | None = None) -> View:
    """The knowledge of ``role`` in ``state``."""
    memory = (state.get("memory") or {}).get(role) or {}
    name = state.get("phase", "")
    phase = plan.phases.get(name)
    analysis, clock = plan.scenario.analysis, state.get("clock") or {}
    measures = analysis is not None and role == analysis.by
    lines = state.get("messages") or ()
    world = _World(plan, state)
    required, actions = _moves(plan, phase, role, world) if phase and role in phase.speakers else ((), {})
    circle = clock.get("circle") if phase and phase.changing else None
    return View(
        role=role, turn=turn if turn is not None else state.get("turn", 0), phase=name,
        phase_title=(phase.spec.title or name.replace("_", " ")) if phase else "",
        task=phase.spec.task if phase and role in (*phase.speakers, phase.spec.resolver) else "",
        summary=memory.get("summary", ""),
        lines=known_lines(role, lines, after=memory.get("after", -1)),
        gone=let_go(max(map(_TURN, lines), default=0), plan.keep_turns),
        variables=_variables(plan, state.get("variables") or {}, role, world.behind),
        spoken=clock.get("spoken", {}) if measures else {},
        acted=frozenset(clock["turns"]) if measures and "turns" in clock else None,
        behind=world.behind, scene=_scene(circle, role), required=required, actions=actions,
        speakers=tuple(circle["roles"]) if circle else phase.speakers if phase else (),
        intent_of=lambda action, arguments: world.intent(role, action, arguments),
        value_of=world.measured if measures else None,
        last_values={name.removeprefix(LAST): held for name, held in (state.get("measures") or {}).items()
                     if name.startswith(LAST)} if measures else {})


def seen_variables(plan: Plan, state: Mapping[str, Any], role: str) -> dict[str, Any]:
    """The values of variables that a role sees in a state; of a value per role perhaps its own alone."""
    return _variables(plan, state.get("variables") or {}, role, _World(plan, state).behind)


class _World:
    """What expressions read in a state, computed when it is first needed."""

    def __init__(self, plan: Plan, state: Mapping[str, Any]) -> None:
        self._plan, self._state = plan, state
        self._context: dict[str, Any] | None = None

    @property
    def context(self) -> dict[str, Any]:
        if self._context is None:
            self._context = state_context(self._plan, self._state)
        return self._context

    def measured(self, measure: Measure, role: str | None) -> Any:
        """A computed measure, of a role or of the whole play."""
        return value(str(measure.value), self.context if role is None else {**self.context, "role": role})

    def intent(self, role: str, action: str, arguments: Mapping[str, Any]) -> str:
        """The text of what a role means with a move."""
        names = self._plan.names
        return render_text(self._plan.scenario.actions[action].intent, {
            "args": arguments, "mover": role, "params": self._plan.parameters, "vars": self.context["vars"],
            "name": lambda role: names.get(role, role)}).strip()

    @property
    def behind(self) -> Mapping[str, tuple[str, ...]]:
        if not self._plan.conditional:
            return self._plan.behind
        return {**self._plan.behind, **{name: self.context[name] for name in self._plan.scenario.groups}}


def _variables(plan: Plan, variables: Mapping[str, Any], role: str, behind: Mapping[str, tuple[str, ...]]
               ) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name in plan.sees(role, behind):
        spec = plan.scenario.variables[name]
        if name not in variables:
            continue
        if OWN in spec.visible_to and role not in members(spec.visible_to, behind):
            if role in variables[name]:
                seen[name] = variables[name][role]
        else:
            seen[name] = variables[name]
    return seen


def _moves(plan: Plan, phase: PhasePlan, role: str, world: _World) -> tuple[tuple[str, ...], dict[str, ActionSpec]]:
    """The moves that a speaker must make, and all that it can make, with what is legal now."""
    required, found = phase.spec.action, dict[str, ActionSpec]()
    if required is None and not phase.spec.optional_actions:
        return (), found
    for name in dict.fromkeys((*([required] if required else []), *phase.spec.optional_actions)):
        spec = plan.scenario.actions[name]
        if spec.by is not None and role not in members(spec.by, world.behind):
            continue
        try:
            found[name] = spec.resolved(lambda text: value(text, {**world.context, "mover": role}))
        except NoChoice:
            continue  # nothing is left to choose: the move cannot be made now
    return (required,) if required in found else (), found


def _scene(circle: Mapping[str, Any] | None, role: str) -> tuple[str, ...] | None:
    found = (scene["roles"] for scene in (circle or {}).get("scenes", {}).values() if role in scene["roles"])
    return next(map(tuple, found), None)
