"""The looks of those who take no turns: an Analyst observes, judges, measures and reports while others play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.calls.caller import UNREQUIRED, ModelCaller
from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.memory.memory import refresh
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.place import Keys, Place
from pyscrai.engines.ports.purse import Purse
from pyscrai.engines.ports.record import Past, Progress, Record
from pyscrai.engines.state import Activation, Line, shown_usage
from pyscrai.engines.tools.consultation import AskLeave, consult
from pyscrai.engines.view import view
from pyscrai.errors import EngineError, ModelError, ReplyError
from pyscrai.events import Event, ResultMissing, TurnSkipped

USING_TOOLS = ("speak", "resolve", "observe", "report")
"""The tasks before which a role may use its tools."""

AGAIN = "resume the run to ask anew; more `repairs` or a `fallback` in the role's `failure` may help"
"""The cure for a turn that failed, where the error knows no better one."""


class TurnPaused(EngineError):
    """A role's turn failed and its policy is to pause the run here; resuming plays the turn again."""

    code = "engine.paused"


class WatcherRuntime:
    """Does the work of activations: what all of them need, and the looks of those who take no turns.

    The work depends on the state and the journal alone, so that doing it again after a crash writes the same events
    under the same keys. Events are durable before the node's state is.
    """

    def __init__(self, plan: Plan, engines: Mapping[str, Engine], record: Record, *, recall: Recall | None = None,
                 listener: TokenListener | None = None, sleep: Callable[[float], Any] = asyncio.sleep,
                 purse: Purse | None = None) -> None:
        self.plan, self.engines, self.record, self.purse = plan, engines, record, purse
        self.recall = recall or Recall(past=record if isinstance(record, Past) else None)
        self.listener, self.sleep = listener, sleep

    async def watch(self, activations: Iterable[Activation], state: Mapping[str, Any]) -> dict[str, Any]:
        """Look on as these activations say.

        Returns:
            What the looks write to the state.
        """
        update: dict[str, Any] = {}
        usage: dict[str, float] = {}
        for activation in activations:
            place, engine = Place.of(activation), self.engines[activation["role"]]
            caller = self.caller(engine, place)
            seen = view(self.plan, {**state, **update}, engine.role, turn=place.turn)
            memory = None
            try:
                mind = await refresh(engine, seen, caller, memory_of({**state, **update}, engine.role), self.recall)
                seen, memory = mind.view, mind.memory
                performance = await self.act(engine, activation, seen, caller)
                performance.precede(mind.drafts)
            except (ModelError, ReplyError) as error:
                memory = None
                performance = await self._without_result(engine, activation, caller, error, seen.phase)
            events, _ = finish(performance, place.watch_keys(), place.turn, seen.phase)
            await self.commit([*self.notes(caller, seen.phase), *events], None)
            if memory is not None:
                update["memory"] = {engine.role: memory}
            for channel in ("measures", "verdicts"):
                if performance.state.get(channel):
                    update[channel] = {**update.get(channel, {}), **performance.state[channel]}
            usage = total(usage, caller.usage)
        return {**update, **({"usage": usage} if usage else {})}

    async def _without_result(self, engine: Engine, activation: Activation, caller: ModelCaller,
                              error: ModelError | ReplyError, phase: str) -> Performance:
        """Apply the policy: a play goes on without a measurement or report, and states what is missing."""
        then = engine.policy(error)
        if then == "pause" or (then == "fail" and activation["task"] not in UNREQUIRED):
            await self.commit(self.notes(caller, phase), None)
            raise self.failed(caller, error)
        performance = Performance()
        if activation["task"] in UNREQUIRED:
            performance.add(ResultMissing, source=engine.role, task=activation["task"],
                            measures=list(activation.get("measures") or ()), error=error.as_dict())
        else:
            performance.add(TurnSkipped, source=engine.role, error=error.as_dict())
        if self.plan.edition > 2:
            performance.precede(caller.used.drafts)
        return performance

    # -- what every activation needs ----------------------------------------------------------------------------------

    def caller(self, engine: Engine, place: Place) -> ModelCaller:
        """The model calls of an activation."""
        return ModelCaller(engine, place, self.record, self.listener, self.sleep, self.purse)

    async def act(self, engine: Engine, activation: Activation, seen: Any, caller: ModelCaller,
                  leave: AskLeave | None = None) -> Performance:
        """Let a model act: first with the role's tools, by somebody's leave if need be, then as the activation says."""
        used = caller.used
        if engine.tools and activation["task"] in USING_TOOLS:
            seen = await consult(engine, seen, caller, used, leave)
        performance = await engine.perform(activation, seen, caller)
        performance.precede(used.drafts, used.heard)
        if performance.played is not None:
            performance.played["seconds"] = caller.seconds
        return performance

    def notes(self, caller: ModelCaller, phase: str) -> list[Event]:
        """The events about how the calls of an activation went, once its work is done."""
        caller.close()
        return [kind(key=key, turn=caller.place.turn, phase=phase, **fields) for key, kind, fields in caller.notes]

    def failed(self, caller: ModelCaller, error: ModelError | ReplyError) -> EngineError | ModelError:
        """The error with which a turn fails or pauses the run: it names role, turn, purpose and cure."""
        place, engine = caller.place, self.engines[caller.place.role]
        message = f"{engine.role}, turn {place.turn}, {caller.purpose or place.task}: {error.message}"
        details: dict[str, Any] = {"role": engine.role, "turn": place.turn, "task": place.label,
                                   "purpose": caller.purpose}
        if engine.policy(error) == "pause":
            found: EngineError | ModelError = TurnPaused(message, cure=error.cure or AGAIN, cause=error.as_dict(),
                                                         **details)
        else:
            about: dict[str, Any] = {name: value for name, value in error.details.items() if name not in details}
            found = type(error)(message, cure=error.cure or AGAIN, code=error.code, **about, **details)
        found.__cause__ = error
        return found

    async def commit(self, events: list[Event], step: Step | None, *, with_state: bool = False) -> None:
        """Make events durable, with where the run stands after a step; ``with_state`` as in ``Record.commit``."""
        progress = None if step is None else Progress(
            turn=step.turn, phase=step.phase, next=tuple(activation["role"] for activation in step.next),
            variables=step.variables, usage=shown_usage(step.usage))
        await self.record.commit(events, progress, with_state=with_state)


def finish(performance: Performance, keys: Keys, turn: int, phase: str) -> tuple[list[Event], list[Line]]:
    """Give drafts their keys, turn and phase, and the lines their ids."""
    events = [kind(key=keys(), turn=turn, phase=phase, **fields) for kind, fields in performance.drafts]
    lines: list[Line] = [{**line, "id": events[index].key, "turn": turn} for index, line in performance.heard]
    return events, lines


def memory_of(state: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """A role's entry in the state's memory."""
    return (state.get("memory") or {}).get(role) or {}


def total(one: Mapping[str, float] | None, other: Mapping[str, float]) -> dict[str, float]:
    """The sums of two usages."""
    sums = dict(one or {})
    for name, amount in other.items():
        sums[name] = sums.get(name, 0) + amount
    return sums
