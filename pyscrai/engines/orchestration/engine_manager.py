"""Owns the live runs of this process and brings what each does into step with what is asked of it.

What is asked of a run (``Desired``) is durable and stands apart from what it does. The manager therefore needs no
memory of its own: a wake-up says that something is asked, the desk says what. A process that died is made good by the
same means, since its runs are found as those that ought to play and that nobody plays.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

import structlog

from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.orchestration.fair_queue import FairQueue
from pyscrai.engines.orchestration.live_run import LiveRun
from pyscrai.engines.orchestration.run_registry import ENDING, Assignment, Desired, Desk, Taken
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import Fenced, PyscraiError, RunError, StorageError

SHUTDOWN = "the server shuts down"

PATIENCE = 5.0
"""Seconds that a run which is open waits at most for others that are being opened."""

_log = structlog.get_logger("pyscrai.manager")


class EngineManager:
    """Plays runs, at most ``capacity`` at once; an asynchronous context manager that drains when it is left.

    Args:
        desk: where the runs are kept.
        opening: how many runs are opened at the same time; opening costs CPU, playing hardly any.
        heartbeat: seconds between two renewals of the leases, which must outlive it several times.
        grace: seconds that runs are given to reach a superstep boundary when the process ends.
    """

    def __init__(self, desk: Desk, *, capacity: int = 500, opening: int = 8, heartbeat: float = 5.0,
                 grace: float = 20.0) -> None:
        self._desk, self._capacity, self._grace, self._heartbeat = desk, capacity, grace, heartbeat
        self._opening = asyncio.Semaphore(opening)
        self._to_open = 0
        self._calm = asyncio.Event()
        self._queue = FairQueue()
        self._live: dict[str, LiveRun] = {}
        self._listeners: dict[str, TokenListener] = {}
        self._beat: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._closing = False

    async def __aenter__(self) -> Self:
        """Begin: whatever a dead process left running is found and goes on."""
        await self._find_due()
        self._beat = asyncio.create_task(self._keep_alive(), name="pyscrai-heartbeat")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    # -- what can be asked --------------------------------------------------------------------------------------------

    def wake(self, run_id: str, desired: Desired, *, share: str = "", reason: str = "") -> None:
        """Look at a run again: something else is asked of it. What is asked must be durable before."""
        if self._closing or desired in ("none", "wait"):
            return
        live = self._live.get(run_id)
        if live is None:
            if desired in ENDING:
                self._queue.remove(run_id)
                self._begin(run_id, reason)
            else:
                self._queue.put(run_id, share)
                self._pump()
        else:
            # It may have come to its end already, or have been opened before this was asked: look again afterwards.
            live.again, live.latest = True, desired
            if desired in ENDING:
                self._ask(live, desired, reason)

    def is_live(self, run_id: str) -> bool:
        """Whether this process plays the run or is about to."""
        return run_id in self._live or run_id in self._queue

    @property
    def playing(self) -> int:
        """How many runs this process plays now."""
        return len(self._live)

    @property
    def queued(self) -> int:
        """How many runs wait for a place."""
        return len(self._queue)

    async def until_settled(self, run_id: str) -> None:
        """Wait until this process does nothing with the run."""
        while self.is_live(run_id):
            live = self._live.get(run_id)
            if live is None:
                await asyncio.sleep(0.01)
            else:
                await live.ended.wait()

    def overhear(self, run_id: str, listener: TokenListener | None) -> None:
        """Hand on a run's words while they stream in, or no longer: streaming costs, so only while someone listens."""
        if listener is None:
            self._listeners.pop(run_id, None)
        else:
            self._listeners[run_id] = listener
        live = self._live.get(run_id)
        if live is not None and live.runner is not None:
            live.runner.runtime.listener = listener

    async def drain(self) -> None:
        """Let every run stand at its next superstep boundary; those that do not within the grace time are cut off.

        What was asked of them stays as it is, so that the next process goes on with them. Nothing is lost by cutting
        off: every finished node is durable.
        """
        if self._closing:
            return
        self._closing = True
        self._queue.clear()
        if self._beat is not None:
            self._beat.cancel()
            with suppress(asyncio.CancelledError):
                await self._beat
        for live in self._live.values():
            if live.asked is None:
                live.asked = "shutdown"
                if live.runner is not None:
                    live.runner.pause(SHUTDOWN)
        tasks = [live.task for live in self._live.values() if live.task is not None]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._grace)
        for task in late:
            task.cancel()
        if late:
            _log.warning("manager.cut_off", runs=len(late))
            await asyncio.wait(late)

    # -- playing ------------------------------------------------------------------------------------------------------

    def _ask(self, live: LiveRun, desired: Desired, reason: str) -> None:
        if live.asked in ("cancel", "lost"):
            return
        live.asked, live.reason = desired, reason or f"{desired} was asked for"
        if live.runner is None:
            return
        if desired == "pause":
            live.runner.pause(live.reason)
        elif desired == "stop":
            live.runner.stop(live.reason)
        elif live.playing is not None:
            live.playing.cancel()

    def _pump(self) -> None:
        while len(self._live) < self._capacity and not self._closing:
            run_id = self._queue.get()
            if run_id is None:
                return
            if run_id not in self._live:
                self._begin(run_id)

    def _begin(self, run_id: str, reason: str = "") -> None:
        live = LiveRun(run_id, reason=reason)
        self._live[run_id] = live
        live.task = asyncio.create_task(self._attend(live), name=f"pyscrai-{run_id}")

    async def _attend(self, live: LiveRun) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(run_id=live.run_id)
        try:
            await self._work(live)
        except Taken:
            _log.debug("manager.taken")
        except Fenced:
            _log.warning("manager.fenced")
        except PyscraiError as error:
            await self._failed(live, error)
        except Exception as error:
            _log.exception("manager.unexpected")
            await self._failed(live, RunError(f"an unexpected {type(error).__name__} stopped the run",
                                              code="run.internal", cure="resume the run, and report what the log says"))
        finally:
            del self._live[live.run_id]
            live.ended.set()
            if live.again and not live.heeded and not self._closing:
                self._queue.put(live.run_id)
            self._pump()

    async def _failed(self, live: LiveRun, error: PyscraiError) -> None:
        if isinstance(error, StorageError) and error.passes:  # it stands, and is found due when storage is back
            _log.error("manager.interrupted", code=error.code, error=str(error))
            return
        _log.warning("manager.failed", code=error.code, error=str(error))
        try:
            await self._desk.fail(live.run_id, error)
        except Exception as second:
            # The run stays as it is asked for; whoever finds it due tries again.
            _log.error("manager.not_recorded", error=repr(second))

    async def _work(self, live: LiveRun) -> None:
        self._to_open += 1
        self._calm.clear()
        try:
            async with self._opening:
                opened = self._desk.open(live.run_id)
                assignment = await opened.__aenter__()
        finally:
            self._to_open -= 1
            if not self._to_open:
                self._calm.set()
        try:
            await self._carry_out(live, assignment)
        except BaseException as error:
            if not await opened.__aexit__(type(error), error, error.__traceback__):
                raise
        else:
            await opened.__aexit__(None, None, None)

    async def _carry_out(self, live: LiveRun, assignment: Assignment) -> None:
        runner, told = assignment.runner, assignment.desired
        live.runner = runner
        reason = live.reason or f"{told} was asked for"
        if told in ("none", "wait") or live.asked == "shutdown":
            return
        if told == "pause":
            result = await runner.hold(reason)
        elif told in ("stop", "cancel") or live.asked == "cancel":
            result = await runner.end(reason)
        else:
            result = await self._play(live, assignment)
        if (asked := live.heard(told)) is not None:
            await self._desk.settle(live.run_id, asked, result)
            live.note(result)

    async def _play(self, live: LiveRun, assignment: Assignment) -> Result:
        runner = assignment.runner
        runner.runtime.listener = self._listeners.get(live.run_id)
        if live.asked in ("pause", "stop"):
            self._ask(live, live.asked, live.reason)
        live.playing = asyncio.create_task(self._play_when_calm(runner, step=assignment.desired == "step"))
        try:
            return await live.playing
        except asyncio.CancelledError:
            if live.asked == "lost":
                raise Fenced(f"run {live.run_id} is played by another process now") from None
            if live.asked != "cancel":
                raise
            return await runner.end(live.reason)

    async def _play_when_calm(self, runner: ScenarioRunner, *, step: bool) -> Result:
        """Let a crowd of runs be opened before the first of them take their turns, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._calm.wait()
        return await runner.play(step=step)

    # -- keeping alive ------------------------------------------------------------------------------------------------

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            for work in (self._renew, self._find_due):
                try:
                    await work()
                except PyscraiError as error:
                    _log.warning("manager.heartbeat", code=error.code, error=str(error))
                except Exception:
                    _log.exception("manager.heartbeat")

    async def _renew(self) -> None:
        opened = [live for live in self._live.values() if live.runner is not None]
        if not opened:
            return
        desires = await self._desk.renew([live.run_id for live in opened])
        for live in opened:
            if live.run_id not in self._live or live.asked == "shutdown":
                continue
            desired = desires.get(live.run_id)
            if desired is None:
                live.asked = "lost"
                if live.playing is not None:
                    live.playing.cancel()
            elif desired in ENDING and live.asked != desired:
                self._ask(live, desired, "")

    async def _find_due(self) -> None:
        room = self._capacity - len(self._live) - len(self._queue)
        if room <= 0:
            return
        for due in await self._desk.due(room):
            if due.run_id not in self._live:
                self._queue.put(due.run_id, due.share)
        self._pump()

