"""The working copy of one step: what the flow changes between two turns, and the events that say so."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyscrai.audience import Audience
from pyscrai.engines.orchestration.context import behind_now, with_groups, world_context
from pyscrai.engines.orchestration.plan import OWN, Plan
from pyscrai.engines.place import Keys
from pyscrai.engines.state import Activation, Clock, Line, Played
from pyscrai.events import (
    ChangeRefused,
    EndReached,
    Event,
    FlowWarning,
    Inject,
    PhaseEntered,
    VariableChanged,
)
from pyscrai.prompts.library import render_text
from pyscrai.prompts.sandbox import Meter
from pyscrai.templates.cel.computation import ALLOWANCE, Allowance, words_of
from pyscrai.templates.cel.expression import value
from pyscrai.templates.cel.variable_target import EVERY, variable_target
from pyscrai.templates.models.world import InjectText

LONGEST_NAME = 400
"""Characters of an entry's name that a refusal tells."""

ALL_RENDER_WORK = 10_000_000
"""Characters, entries and steps that rendering all texts of one step may cost together."""

OPENING_CLOCK: Clock = {"phase_turns": 0, "since": 0, "visits": {}, "last": None, "seconds": 0.0, "tally": {},
                        "events": {}, "spoken": {}, "fired": {}, "armed": {}, "turns": {}}


class Step:
    """One step in the making, from the state before it.

    Args:
        played: what the speakers of this step did, in the order of their turns.
        usage: totals of tokens and cost, this step's calls included.
    """

    def __init__(self, plan: Plan, state: Mapping[str, Any], keys: Keys, played: Iterable[Played] = (),
                 usage: Mapping[str, float] | None = None) -> None:
        self.plan = plan
        self.state = state
        self.keys = keys
        self.played = list(played)
        self.before: int = state.get("turn", 0)
        """Turns played before this step."""
        self.turn: int = max([self.before, *(turn["turn"] for turn in self.played)])
        self.phase: str = state.get("phase", "")
        self.variables: dict[str, Any] = dict(state.get("variables") or {})
        # A copy of anything, at a fraction of what `deepcopy` takes: its moves hold what people and programs gave.
        self.clock: Clock = pickle.loads(pickle.dumps(state.get("clock") or OPENING_CLOCK))
        self.usage = usage if usage is not None else state.get("usage") or {}
        self.outcome: dict[str, Any] | None = None
        self.next: list[Activation] = []
        self.kinds: set[str] = set((self.clock.get("awaited") or {}).get("kinds", ()))
        """Kinds of event of this turn that an earlier step recorded."""
        self.events: list[Event] = []
        self.lines: list[Line] = []
        self._draws = 0
        self._work, self._render_work = Allowance(), Meter(ALL_RENDER_WORK)

    def context(self, *, last: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The names that conditions and expressions may read, with their values now.

        Args:
            last: the turn that counts as the last one; the step's last where it is left out.
        """
        if last is None:
            last = self.played[-1] if self.played else {}
        context = world_context(self.plan, phase=self.phase, turn=self.turn, variables=self.variables,
                                clock=self.clock, usage=self.usage, measures=self.state.get("measures") or {},
                                last=last)
        context[ALLOWANCE] = self._work
        if self.plan.reads_groups:
            context = with_groups(self.plan, context, behind_now(self.plan, context))
        return {**context, **more} if more else context

    @property
    def behind(self) -> Mapping[str, tuple[str, ...]]:
        """The roles behind each name at this moment."""
        return behind_now(self.plan, self.context()) if self.plan.conditional else self.plan.behind

    def draw(self) -> random.Random:
        """Chance for one draw: the run's seed and the place decide, so that replays and forks draw the same."""
        self._draws += 1
        return random.Random(f"{self.plan.seed}:{self.keys.stem}:{self._draws}")

    def audience(self, names: Iterable[str], source: str | None = None) -> Audience:
        """The listeners to what ``source`` says to ``names`` at this moment."""
        return self.plan.audience(names, source, self.behind)

    def record(self, kind: type[Event], *, audience: Audience = (), source: str | None = None, **payload: Any) -> Event:
        """Add an event of this step."""
        event = kind(key=self.keys(), turn=self.turn, phase=self.phase, audience=audience, source=source, **payload)
        self.events.append(event)
        self._count(event)
        return event

    def _count(self, event: Event) -> None:
        self.clock["events"][event.kind] = self.clock["events"].get(event.kind, 0) + 1

    def tell(self, event: Event, text: str, name: str = "") -> None:
        """Let an event be heard: it becomes a line that prompts show to its audience."""
        audience = event.audience if event.audience == "all" else list(event.audience)
        self.lines.append({"id": event.key, "type": "human", "kind": event.kind, "speaker": None, "name": name,
                           "content": text, "turn": event.turn, "audience": audience})

    # -- what happens in the world ------------------------------------------------------------------------------------

    def change(self, changes: Mapping[str, str], *, cause: str, source: str | None = None, **context: Any) -> None:
        """Make the changes of a ``set``, in order; a later one sees what an earlier one did.

        Args:
            context: what the expressions read beside the world.
        """
        for target, text in changes.items():
            name, key = variable_target(target)
            if key is None:
                self.set_variable(name, self._value(text, context), cause=cause, source=source)
            elif key == EVERY:
                found = {role: self._value(text, {**context, "role": role}) for role in self.variables[name]}
                for role, new in found.items():
                    self.set_entry(name, role, new, cause=cause, source=source)
            else:
                self.set_entry(name, self._value(key, context), self._value(text, context), cause=cause, source=source)

    def _value(self, text: str, context: Mapping[str, Any]) -> Any:
        return value(text, self.context(chance=self.draw, **context))

    def set_variable(self, name: str, value: Any, *, cause: str, source: str | None = None) -> None:
        """Give a variable a new value if its type and bounds allow it; a refusal is an event.

        Args:
            value: of a variable with a value per role, roles to their new values; the others stay as they are.
        """
        variable = self.plan.scenario.variables.get(name)
        if variable is None:
            self._refuse(name, value, "there is no such variable", source)
            return
        value = variable.coerce(value)
        reason = variable.why_not(value)
        if reason:
            self._refuse(name, value, reason, source)
        elif variable.per_role:
            for role, entry in value.items():
                self.set_entry(name, role, entry, cause=cause, source=source)
        elif (old := self.variables.get(name)) != value:
            self.variables[name] = value
            self.record(VariableChanged, source=source, variable=name, old=old, new=value, cause=cause,
                        audience=self.audience(variable.visible_to))

    def set_entry(self, name: str, key: Any, value: Any, *, cause: str, source: str | None = None) -> None:
        """Give one role, item or key of a variable a new value if that is possible; a refusal is an event."""
        variable, held = self.plan.scenario.variables[name], self.variables[name]
        if type(key) not in (str, int):
            self._refuse(name, value, f"an entry is set by its name, not by {words_of(key)}", source)
            return
        if variable.per_role and key not in held:
            self._refuse(f"{name}[{key}]", value, f"{key!r} has no value of it", source)
            return
        try:
            whole = variable.coerce(variable.with_entry(held, key, value))
        except ValueError as error:
            self._refuse(f"{name}[{key}]", value, str(error), source)
            return
        new, old = whole[key], held[key] if isinstance(held, list) else held.get(key)
        if reason := variable.why_not({key: new} if variable.per_role else whole):
            self._refuse(f"{name}[{key}]", new, reason, source)
        elif old != new:
            self.variables[name] = whole
            audience = self.audience(name for name in variable.visible_to if name != OWN)
            if OWN in variable.visible_to and audience != "all":
                audience = tuple(sorted({*audience, key}))
            self.record(VariableChanged, source=source, variable=name, of=str(key), old=old, new=new, cause=cause,
                        audience=audience)

    def _refuse(self, name: str, value: Any, reason: str, source: str | None) -> None:
        self.record(ChangeRefused, source=source, variable=name[:LONGEST_NAME], value=value, reason=reason)

    def inject(self, spec: InjectText, text: Callable[[], str], *, origin: str, label: str = "",
               changes: Callable[[], None] | None = None) -> None:
        """Put something into the world.

        Args:
            text: gives what is told; it is asked once the changes are made.
            changes: makes the changes that come with it; their events follow its own.
        """
        key, place = self.keys(), len(self.events)
        told = text() if self.plan.edition == 1 else None
        if changes is not None:
            changes()
        event = Inject(key=key, turn=self.turn, phase=self.phase, source=spec.source or origin, text=told or text(),
                       origin=origin, label=label, audience=self.audience(spec.audience))
        self.events.insert(place, event)
        self._count(event)
        self.tell(event, event.text, spec.source)

    def enter(self, name: str, *, cause: str) -> None:
        """Begin a phase."""
        came_from, self.phase = self.phase or None, name
        phase = self.plan.phases[name]
        clock = self.clock
        clock["phase_turns"], clock["since"], clock["tally"], clock["last"] = 0, self.turn, {}, None
        clock["visits"][name] = clock["visits"].get(name, 0) + 1
        if "circle" in clock or phase.changing:
            clock["circle"] = None
        for kept in ("moves", "chosen"):
            clock.pop(kept, None)  # type: ignore[misc]
        key, place = self.keys(), len(self.events)
        self.change(phase.spec.on_enter, cause=f"phase {name}")
        text = phase.spec.text
        event = PhaseEntered(key=key, turn=self.turn, phase=name, audience=self.audience(phase.spec.audience),
                             came_from=came_from, cause=cause, text=text)
        self.events.insert(place, event)
        self._count(event)
        if text:
            self.tell(event, text)

    def text(self, text: str, old: Mapping[str, Any]) -> str:
        """The text of an inject with what it reads.

        Args:
            old: the variables before its own changes.
        """
        names = self.plan.names
        return render_text(text, {"params": self.plan.parameters, "vars": self.variables, "old": old,
                                  "name": lambda role: names.get(role, role)}, within=self._render_work)

    def warn(self, message: str) -> None:
        """The flow went on otherwise than planned."""
        self.record(FlowWarning, message=message)

    def end(self, kind: str, reason: str, *, label: str = "", limit: bool = False, pause: bool = False) -> None:
        """The run has come to its end; the first end that fires counts."""
        if self.outcome is None:
            self.outcome = {"end": kind, "label": label or kind, "reason": reason, "limit": limit, "turn": self.turn,
                            "phase": self.phase, **({"pause": True} if pause else {})}
            if not pause:
                self.record(EndReached, outcome=self.outcome)

    # -- the result ---------------------------------------------------------------------------------------------------

    def update(self) -> dict[str, Any]:
        """The channels that the step changed, as it writes them to the state."""
        update: dict[str, Any] = {"turn": self.turn, "clock": self.clock, "next": self.next}
        if self.lines:
            update["messages"] = tuple(self.lines)
        if self.phase != self.state.get("phase"):
            update["phase"] = self.phase
        if self.variables != (self.state.get("variables") or {}):
            update["variables"] = self.variables
        kept = bool(self.state.get("moves"))
        if kept != ("awaited" in self.clock):
            update["moves"] = None if kept else self.played
        if self.outcome != self.state.get("outcome"):
            update["outcome"] = self.outcome
        return update
