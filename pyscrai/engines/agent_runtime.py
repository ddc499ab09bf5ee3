"""One turn: view -> prompt -> model -> parse -> events and the next state. The graph's nodes are its methods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langgraph.types import interrupt
from structlog.contextvars import bound_contextvars

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.agents.person import ANSWER, apply_command, check_answer, human_request, person_for, read_human
from pyscrai.engines.calls.caller import Asking, TokenListener
from pyscrai.engines.memory.memory import refresh
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration import flow
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.step import Keys, Step
from pyscrai.engines.orchestration.turn_order import GATHER
from pyscrai.engines.ports.model import ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import CallKey, CallRecord, Inbox, Past, Progress, Record
from pyscrai.engines.state import Activation, Line, Played
from pyscrai.engines.tools.consultation import consult
from pyscrai.engines.view import View, view
from pyscrai.errors import EngineError, ModelClosed, ModelError, ReplyError, RunError
from pyscrai.events import Event, RunStarted, TurnSkipped

USING_TOOLS = ("speak", "resolve", "observe", "report")
"""The tasks before which a role may use its tools."""


class TurnPaused(EngineError):
    """A role's turn failed and its policy is to pause the run here; resuming plays the turn again."""

    code = "engine.paused"


class AgentRuntime:
    """Plays the turns of one run.

    A node's work depends on the state, the journal and the inbox alone, so that doing it again after a crash writes
    the same events under the same keys. Events are durable before the node's state is.
    """

    def __init__(self, plan: Plan, engines: Mapping[str, Engine], record: Record, inbox: Inbox | None = None, *,
                 recall: Recall | None = None, listener: TokenListener | None = None,
                 sleep: Callable[[float], Any] = asyncio.sleep) -> None:
        self.plan, self.engines, self.record, self.inbox = plan, engines, record, inbox
        self.recall = recall or Recall(past=record if isinstance(record, Past) else None)
        self.listener, self.sleep = listener, sleep

    # -- the nodes ----------------------------------------------------------------------------------------------------

    async def begin(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Open the play."""
        from pyscrai.engines.agents.engine import premise

        plan = self.plan
        step = Step(self.plan, state, Keys("t0"))
        step.record(RunStarted, audience="all", source="run", premise=premise(self.plan),
                     parameters=dict(plan.parameters), roles={role: member.name for role, member in plan.cast.items()})
        flow.open_play(step)
        await self._commit(step.events, step)
        people = {role: "" for role, member in plan.cast.items() if member.human == "always"}
        return {**step.update(), **({"people": people} if people else {})}

    async def take_turn(self, role: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """Do what ``next`` asks of a role: a turn, a choice, or looking on."""
        mine = [activation for activation in state.get("next") or () if activation["role"] == role]
        with bound_contextvars(turn=state.get("turn", 0) if not mine else mine[0]["turn"], role=role):
            if role in self.plan.watchers:
                return await self._watch(mine, state)
            return await self._play(mine[0], state)

    async def gather(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Go on after a round in which all spoke at once."""
        played: list[Played] = sorted(state.get("moves") or (), key=lambda turn: turn["turn"])
        keys = Keys(f"t{played[-1]['turn']}.gather")
        step = flow.advance(Step(self.plan, state, keys, played))
        await self._commit(step.events, step)
        return {**step.update(), "moves": None}

    # -- a player's turn ----------------------------------------------------------------------------------------------

    async def _play(self, activation: Activation, state: Mapping[str, Any]) -> dict[str, Any]:
        engine = self.engines[activation["role"]]
        given = state
        arrived, people, state = await self._read_inbox(activation, given)
        asking = self._asking(engine, activation)
        seen = view(self.plan, state, engine.role, turn=activation["turn"])
        memory = None
        try:
            mind = await refresh(engine, seen, asking, _memory(state, engine.role), self.recall, thinks=(
                activation["task"] != "moderate" and person_for(engine, state) is None))
            seen, memory = mind.view, mind.memory
            performance = await self._perform(engine, activation, seen, asking, state)
            performance.precede(mind.drafts)
        except (ModelError, ReplyError) as error:
            memory = None
            performance = await self._failed(engine, activation, asking, error, arrived)
        stem = f"t{activation['turn']}"
        keys = Keys(stem if activation["task"] != "moderate" else f"{stem}.moderate")
        events, lines = _finish(performance, keys, activation["turn"], seen.phase)
        events = [*arrived.events, *self._notes(asking, activation, seen.phase), *events]
        lines = [*arrived.lines, *lines]
        update: dict[str, Any] = {"usage": asking.usage} if asking.usage else {}
        if memory is not None:
            update["memory"] = {engine.role: memory}
        if people:
            update["people"] = people
        injected = arrived.variables != (given.get("variables") or {})
        if injected:
            update["variables"] = arrived.variables
        together = len(flow.speaking(state["next"])) > 1
        if together:
            update.update(messages=tuple(lines), moves=[performance.played] if performance.played else [],
                          next=[{"role": GATHER, "task": "speak", "turn": activation["turn"]}])
            await self._commit(events, None)
            return update
        before = {**state, "variables": arrived.variables}
        played = [performance.played] if performance.played else []
        step = Step(self.plan, before, keys, played, _sum(state.get("usage"), asking.usage))
        if activation["task"] == "moderate":
            flow.choose(step, *performance.state["chosen"])
        else:
            flow.advance(step)
        await self._commit([*events, *step.events], step)
        update.update({**step.update(), "messages": (*lines, *step.lines)})
        if injected:
            update["variables"] = step.variables
        if not update["messages"]:
            del update["messages"]
        return update

    async def _perform(self, engine: Engine, activation: Activation, seen: View, asking: Asking,
                       state: Mapping[str, Any]) -> Performance:
        person = person_for(engine, state)
        key = CallKey(activation["turn"], engine.role, activation["task"], ANSWER)
        recorded = self.record.recall(key)
        if person is None and recorded is None:
            return await self._act(engine, activation, seen, asking)
        if recorded is None or recorded.reply is None:
            request = human_request(engine, activation, seen)
            while True:
                answer = interrupt(request)
                if answer.get("release"):
                    return await self._act(engine, activation, seen, asking)
                try:
                    check_answer(answer, request)
                    break
                except RunError as error:
                    request = {**request, "problem": error.message}
            reply = ModelReply(json.dumps(answer), "stop", Usage(), "person", float(answer.get("latency_ms", 0.0)))
            recorded = CallRecord(key, "human", f"person:{answer.get('person') or person or 'someone'}",
                                  ModelRequest(()), reply)
            self.record.note(recorded)
        return read_human(engine, activation, seen, recorded)

    async def _act(self, engine: Engine, activation: Activation, seen: View, asking: Asking) -> Performance:
        """Let a model act: first with the role's tools, then as the activation says."""
        used = Performance()
        if engine.tools and activation["task"] in USING_TOOLS:
            seen, used = await consult(engine, seen, asking)
        performance = await engine.perform(activation, seen, asking)
        performance.precede(used.drafts, used.heard)
        if performance.played is not None:
            performance.played["seconds"] = asking.seconds
            performance.played["kinds"] += ["tool_called"] * len(used.heard)
        return performance

    async def _failed(self, engine: Engine, activation: Activation, asking: Asking, error: EngineError | ModelError,
                      arrived: Step) -> Performance:
        """Apply the role's failure policy."""
        # An endpoint that is closed for hours ends no run: whoever pays can go on when it is open again.
        then = "pause" if isinstance(error, ModelClosed) else engine.instance.failure.then
        if then != "skip" or activation["task"] == "moderate":
            await self._commit([*arrived.events, *self._notes(asking, activation, arrived.phase)], None)
            if then == "pause":
                raise TurnPaused(f"{engine.role}: {error.message}", cure=error.cure, cause=error.as_dict()) from error
            raise error
        performance = Performance(played=flow.skipped(engine.role, activation["turn"]))
        performance.add(TurnSkipped, source=engine.role, error=error.as_dict())
        return performance

    # -- watchers -----------------------------------------------------------------------------------------------------

    async def _watch(self, activations: Iterable[Activation], state: Mapping[str, Any]) -> dict[str, Any]:
        update: dict[str, Any] = {}
        usage: dict[str, float] = {}
        for activation in activations:
            engine = self.engines[activation["role"]]
            asking = self._asking(engine, activation)
            seen = view(self.plan, {**state, **update}, engine.role, turn=activation["turn"])
            stem = f"t{activation['turn']}.{engine.role}.{activation['task']}"
            memory = None
            try:
                mind = await refresh(engine, seen, asking, _memory({**state, **update}, engine.role), self.recall)
                seen, memory = mind.view, mind.memory
                performance = await self._act(engine, activation, seen, asking)
                performance.precede(mind.drafts)
            except (ModelError, ReplyError) as error:
                memory = None
                performance = await self._failed(engine, activation, asking, error,
                                                 Step(self.plan, state, Keys(stem)))
            events, _ = _finish(performance, Keys(stem), activation["turn"], seen.phase)
            await self._commit([*self._notes(asking, activation, seen.phase), *events], None)
            if memory is not None:
                update["memory"] = {engine.role: memory}
            for channel in ("measures", "verdicts"):
                if performance.state.get(channel):
                    update[channel] = {**update.get(channel, {}), **performance.state[channel]}
            usage = _sum(usage, asking.usage)
        return {**update, **({"usage": usage} if usage else {})}

    # -- what people do -----------------------------------------------------------------------------------------------

    async def _read_inbox(self, activation: Activation, state: Mapping[str, Any]
                          ) -> tuple[Step, dict[str, str | None], Mapping[str, Any]]:
        """Apply the commands that arrived; only the first speaker of a superstep reads them."""
        step = Step(self.plan, state, Keys(""))
        step.turn = activation["turn"]  # what arrives belongs to the turn that takes it: a fork before it has it not
        people: dict[str, str | None] = {}
        if self.inbox is not None and flow.speaking(state["next"])[0]["role"] == activation["role"]:
            for command in await self.inbox.take(activation["turn"]):
                people.update(apply_command(step, command))
        if not step.lines and not people and not step.events:
            return step, people, state
        changed = {**state, "variables": step.variables,
                   "messages": [*(state.get("messages") or ()), *step.lines],
                   "people": {**(state.get("people") or {}), **people}}
        return step, people, changed

    # -- recording ----------------------------------------------------------------------------------------------------

    def _asking(self, engine: Engine, activation: Activation) -> Asking:
        return Asking(engine, activation, self.record, self.listener, self.sleep)

    def _notes(self, asking: Asking, activation: Activation, phase: str) -> list[Event]:
        stem = f"t{activation['turn']}.{activation['role']}.{activation['task']}.x"
        return [kind(key=f"{stem}{number}", turn=activation["turn"], phase=phase, **fields)
                for number, (kind, fields) in enumerate(asking.drafts)]

    async def _commit(self, events: list[Event], step: Step | None) -> None:
        progress = None if step is None else Progress(
            turn=step.turn, phase=step.phase, next=tuple(activation["role"] for activation in step.next),
            variables=step.variables, usage=dict(step.usage))
        await self.record.commit(events, progress)


def _finish(performance: Performance, keys: Keys, turn: int, phase: str) -> tuple[list[Event], list[Line]]:
    """Give drafts their keys, turn and phase, and the lines their ids."""
    events = [kind(key=keys(), turn=turn, phase=phase, **fields) for kind, fields in performance.drafts]
    lines: list[Line] = [{**line, "id": events[index].key, "turn": turn} for index, line in performance.heard]
    return events, lines


def _memory(state: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    return (state.get("memory") or {}).get(role) or {}


def _sum(one: Mapping[str, float] | None, other: Mapping[str, float]) -> dict[str, float]:
    total = dict(one or {})
    for name, amount in other.items():
        total[name] = total.get(name, 0) + amount
    return total
