"""The working copy of one step: what the flow changes between two turns, and the events that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from pyscrai.audience import Audience
from pyscrai.engines.orchestration.plan import Plan
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
from pyscrai.templates.models.world import InjectText

STANDS = "stands"
"""What an update says beside the channels of the state: the graph pauses after it."""

OPENING_CLOCK: Clock = {"phase_turns": 0, "since": 0, "visits": {}, "last": None, "seconds": 0.0, "tally": {},
                        "events": {}, "spoken": {}, "fired": {}, "armed": {}, "turns": {}}


def _copied(value: Any) -> Any:
    """A copy of JSON-plain data, at a fraction of what ``deepcopy`` takes."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


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
        self.clock: Clock = cast(Clock, _copied(state.get("clock") or OPENING_CLOCK))
        self.usage = usage if usage is not None else state.get("usage") or {}
        self.outcome: dict[str, Any] | None = None
        self.stands: str | None = None
        """Why the run is to pause before the next step."""
        self.next: list[Activation] = []
        self.kinds: set[str] = set((self.clock.get("awaited") or {}).get("kinds", ()))
        """Kinds of event of this turn that an earlier step recorded."""
        self.events: list[Event] = []
        self.lines: list[Line] = []

    def context(self, *, last: Played | None = None, **more: Any) -> dict[str, Any]:
        """What conditions and expressions may read, as it stands now.

        Args:
            last: the turn that counts as the last one; the step's last where it is left out.
        """
        clock = self.clock
        if last is None:
            last = self.played[-1] if self.played else {}
        phase = self.plan.phases.get(self.phase)
        role = last.get("role", "")
        return {
            "vars": self.variables, "params": self.plan.parameters, "turn": self.turn, "phase": self.phase,
            "phase_turns": clock["phase_turns"], "round": clock["phase_turns"] // phase.round if phase else 0,
            "last": {"role": role, "text": last.get("text", ""), "kind": (last.get("kinds") or [""])[0]},
            "mover": role,
            "events": clock["events"], "cost": float(self.usage.get("cost_usd", 0.0)),
            "tokens": int(self.usage.get("tokens", 0)), "seconds": clock["seconds"],
            "measures": self.state.get("measures") or {}, "tally": clock["tally"], **more}

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

    def set_variable(self, name: str, value: Any, *, cause: str, source: str | None = None) -> None:
        """Give a variable a new value if its type and bounds allow it; a refusal is an event.

        Args:
            source: who changes it. A role that does not see the variable is not named: it would know what came of it.
        """
        variable = self.plan.scenario.variables.get(name)
        if variable is None:
            self.record(ChangeRefused, source=source, variable=name, value=value, reason="there is no such variable")
            return
        if self.plan.edition > 1 and source is not None and name not in self.plan.visible.get(source, (name,)):
            source = None
        value = variable.coerce(value)
        if reason := variable.why_not(value):
            self.record(ChangeRefused, source=source, variable=name, value=value, reason=reason)
            return
        old = self.variables.get(name)
        if old != value:
            self.variables[name] = value
            self.record(VariableChanged, source=source, variable=name, old=old, new=value, cause=cause,
                        audience=self.plan.audience(variable.visible_to))

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
                       origin=origin, label=label, audience=self.plan.audience(spec.audience))
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
        audience = self.plan.audience(phase.spec.audience)
        event = self.record(PhaseEntered, audience=audience, came_from=came_from, cause=cause, text=phase.spec.text)
        if phase.spec.text:
            self.tell(event, phase.spec.text)

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
        """What the step writes to the state: only the channels that changed."""
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
        if self.stands is not None:
            update[STANDS] = self.stands
        return update
