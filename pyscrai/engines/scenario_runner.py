"""Drives one compiled graph to its end, a pause or an error, and says by events which of them it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.state import shown_usage
from pyscrai.engines.watcher_runtime import TurnPaused
from pyscrai.errors import BudgetSpent, Fenced, PyscraiError, RunError, StorageError, WrongState
from pyscrai.events import Event, RunCompleted, RunFailed, RunPaused, RunResumed, RunStopped, RunWaiting
from pyscrai.lifecycle import RunStatus

LEFT = ("outcome", "turn", "phase", "usage")
"""What is read of the state that a graph leaves at its end."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a drive of the graph: the run's status, its outcome, the error, or the request to a person."""

    status: RunStatus
    outcome: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    waiting: Mapping[str, Any] | None = None
    usage: Mapping[str, float | None] = field(default_factory=dict)
    withheld: bool = False
    """Whether it stands though nobody asked for it: what is desired of it stays so, and it goes on when it can."""


class ScenarioRunner:
    """Plays one run from where its checkpoint stands.

    Args:
        graph: the compiled graph, with a checkpointer.
        runtime: the nodes' work for this run.
        thread: the run's id, which is its LangGraph thread.
        fresh: whether it surely has no checkpoint yet.
    """

    def __init__(self, graph: Any, runtime: AgentRuntime, thread: str, *, fresh: bool = False) -> None:
        self.graph, self.runtime, self.thread, self._fresh = graph, runtime, thread, fresh
        self._control: RunControl | None = None
        self._ask: tuple[str, str] | None = None

    @property
    def config(self) -> dict[str, Any]:
        """LangGraph's configuration of the run's thread."""
        return {"configurable": {"thread_id": self.thread}, "recursion_limit": 1_000_000}

    def pause(self, reason: str) -> None:
        """Ask the run to stand at the next superstep boundary; it can go on from there."""
        self._request("pause", reason)

    def stop(self, reason: str) -> None:
        """Ask the run to end at the next superstep boundary, for good."""
        self._request("stop", reason)

    async def hold(self, reason: str) -> Result:
        """Let a run that is not being played stand where it is."""
        return await self._pause(reason)

    async def end(self, reason: str) -> Result:
        """End a run that is not being played, for good, where it stands."""
        return await self._stop(reason, (await self.graph.aget_state(self.config)).values)

    def _request(self, action: str, reason: str) -> None:
        self._ask = (action, reason)
        if self._control is not None:
            self._control.request_drain(reason)

    async def play(self, *, answer: Mapping[str, Any] | None = None, step: bool = False, reason: str = "") -> Result:
        """Play on: from the start, or from the last checkpoint.

        Args:
            answer: what a person answers to the turn that the run waits for; its ``role`` says for whom where the run
                waits for several.
            step: play one superstep, then pause.
            reason: why a run that has played before goes on.

        Raises:
            Fenced: another process plays this run now; nothing more was written.
            WrongState: there is an answer, but the run waits for nobody, or not for that role.
            StorageError: storage stayed away; the run stands where its last checkpoint is.
        """
        fresh, self._fresh = self._fresh, False
        state = None if fresh else await self.graph.aget_state(self.config)
        given: Any = None if state is not None and state.values else {"turn": 0}
        if answer is not None:
            self.runtime.questions.give(_asked(state, answer.get("role")), answer)
            given = None
        if state is not None and state.values:
            if not state.next and state.values.get("outcome") and not state.tasks:
                return await self._finish(state.values)
            if (stands := state.values.get("clock", {}).get("stands")) is not None:
                return await self._pause(stands)
            await self._say(RunResumed, key=_key("resumed"), turn=state.values.get("turn", 0), reason=reason)
        try:
            return await self._drive(given, step=step)
        except Fenced:
            raise
        except TurnPaused as error:
            return await self._pause(error.message)
        except BudgetSpent as error:
            return replace(await self._pause(error.message), withheld=True)
        except PyscraiError as error:
            if isinstance(error, StorageError) and error.passes:
                raise
            return await self._fail(error)

    async def _drive(self, given: Any, *, step: bool) -> Result:
        while True:
            self._control = RunControl()
            if self._ask is not None:
                self._control.request_drain(self._ask[1])
            try:
                left = await self.graph.ainvoke(given, self.config, context=self.runtime, durability="sync",
                                                control=self._control, interrupt_after="*" if step else None,
                                                output_keys=LEFT, version="v2")
                drained = None
                if not step and not left.interrupts and left.value and left.value.get("outcome"):
                    return await self._finish(left.value)
            except GraphDrained as drain:
                drained = str(drain)
            finally:
                self._control = None
            state = await self.graph.aget_state(self.config)
            waiting = [pending.value for task in state.tasks for pending in task.interrupts]
            if self._ask is not None and (state.next or waiting):
                action, reason = self._ask
                self._ask = None
                return await (self._stop(reason, state.values) if action == "stop" else self._pause(reason))
            if drained is not None and state.next:
                return await self._pause((state.values.get("outcome") or {}).get("reason", drained))
            if waiting:
                return await self._wait(waiting[0], state.values)
            if not state.next:
                return await self._finish(state.values)
            if step:
                return await self._pause("step")
            given = None

    # -- how it ended -------------------------------------------------------------------------------------------------

    async def _finish(self, values: Mapping[str, Any]) -> Result:
        outcome = values.get("outcome")
        if not outcome:
            return await self._fail(RunError("the graph ended without an outcome", code="run.no_outcome"))
        turn = values.get("turn", 0)
        await self._say(RunCompleted, key="completed", turn=turn, phase=values.get("phase", ""), outcome=outcome)
        return Result("completed", outcome=outcome, usage=shown_usage(values.get("usage") or {}))

    async def _pause(self, reason: str) -> Result:
        values = (await self.graph.aget_state(self.config)).values
        await self._say(RunPaused, key=_key("paused"), turn=values.get("turn", 0), reason=reason)
        return Result("paused", usage=shown_usage(values.get("usage") or {}))

    async def _stop(self, reason: str, values: Mapping[str, Any]) -> Result:
        await self._say(RunStopped, key="stopped", turn=values.get("turn", 0), reason=reason)
        return Result("stopped", usage=shown_usage(values.get("usage") or {}))

    async def _wait(self, request: Mapping[str, Any], values: Mapping[str, Any]) -> Result:
        await self._say(RunWaiting, key=_key("waiting"), turn=values.get("turn", 0), role=request["role"],
                                   request={"task": request["task"], "turn": request["turn"]})
        return Result("waiting", waiting=request, usage=shown_usage(values.get("usage") or {}))

    async def _fail(self, error: PyscraiError) -> Result:
        values = (await self.graph.aget_state(self.config)).values
        await self._say(RunFailed, key=_key("failed"), turn=values.get("turn", 0), error=error.as_dict())
        return Result("failed", error=error.as_dict(), usage=shown_usage(values.get("usage") or {}))

    async def _say(self, kind: type[Event], **fields: Any) -> None:
        await self.runtime.record.commit([kind(source="run", **fields)])


def _asked(state: Any, role: str | None) -> Mapping[str, Any]:
    """The question that a role's answer is for: the first that the run waits with where no role is named."""
    tasks = state.tasks if state is not None else ()
    questions = {pending.value["role"]: pending.value for task in tasks for pending in task.interrupts}
    if not questions or (role is not None and role not in questions):
        waits = f"it waits for {', '.join(questions)}" if questions else "it waits for nobody"
        raise WrongState(f"the run does not wait for {role or 'an answer'}; {waits}", code="run.not_waiting", role=role)
    found: Mapping[str, Any] = questions[role] if role is not None else next(iter(questions.values()))
    return found


def _key(what: str) -> str:
    """A key of its own for what can happen more than once and is not part of the play."""
    return f"{what}.{uuid4().hex[:12]}"
