"""Plays the runs of this process, and brings what each does into step with the state desired of it.

The desired state is durable and stands apart from what a run does. The manager therefore needs no memory of its own: a
wake-up says that something is asked, the registry says what. A process that died is made good by the same means, since
its runs are found as those that have not reached their desired state and that nobody plays.
"""

from __future__ import annotations

import asyncio
from typing import Self

import structlog

from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.orchestration.fair_queue import FairQueue
from pyscrai.engines.orchestration.heartbeat import Heartbeat
from pyscrai.engines.orchestration.live_run import LiveRun
from pyscrai.engines.orchestration.next_look import NextLook
from pyscrai.engines.orchestration.open_slots import OpenSlots
from pyscrai.engines.orchestration.run_registry import Assignment, RunRegistry, Taken
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import Fenced, PyscraiError, RunError, StorageError
from pyscrai.lifecycle import FINAL, STANDING_STILL, Desired

SHUTDOWN = "the server shuts down"

PASSED_OVER = (0.1, 60.0)
"""Seconds for which a run is left alone whose failure could not be recorded: at first, and at most."""

_log = structlog.get_logger("pyscrai.manager")


class EngineManager:
    """Plays runs, at most ``capacity`` at once; an asynchronous context manager that drains when it is left.

    Args:
        registry: where the runs are kept.
        opening: how many runs are opened at the same time; opening costs CPU, playing hardly any.
        heartbeat: seconds between two renewals of the leases, which must outlive it several times.
        grace: seconds that runs are given to reach a superstep boundary when the process ends.
    """

    def __init__(self, registry: RunRegistry, *, capacity: int = 500, opening: int = 8, heartbeat: float = 3.0,
                 grace: float = 20.0) -> None:
        self._registry, self.capacity, self._grace = registry, capacity, grace
        self._heartbeat = Heartbeat(heartbeat, self._renew, self.look)
        self._slots, self._queue = OpenSlots(opening), FairQueue()
        self._live: dict[str, LiveRun] = {}
        self.listeners: dict[str, TokenListener] = {}
        self._passed_over: dict[str, tuple[float, float]] = {}
        self._closing = False
        self._next_look = NextLook(self.look)

    async def __aenter__(self) -> Self:
        """Begin: whatever a dead process left running is found and goes on."""
        await self.look()
        self._heartbeat.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    def wake(self, run_id: str, desired: Desired, *, share: str = "", reason: str = "") -> None:
        """Look at a run again: something else is asked of it. What is asked must be durable before."""
        if self._closing or not self.capacity or desired in ("none", "wait", "wait_step"):
            return
        live = self._live.get(run_id)
        if live is not None:
            # It may have come to its end already, or have been opened before this was asked: look again afterwards.
            live.again, live.last_request = True, desired
            if desired in STANDING_STILL:
                live.interrupt(desired, reason)
        elif desired in STANDING_STILL:
            self._queue.remove(run_id)
            self._begin(run_id, reason)
        else:
            self._queue.put(run_id, share)
            self._pump()

    def cut_off(self, run_id: str, reason: str) -> None:
        """Let a run stand at once, without the turn that is being played; it is paused where the turn began."""
        live = self._live.get(run_id)
        if live is not None:
            live.asked, live.reason = "cut", reason
            if live.playing is not None:
                live.playing.cancel()

    def is_live(self, run_id: str) -> bool:
        """Whether this process plays the run or is about to."""
        return run_id in self._live or run_id in self._queue

    @property
    def playing(self) -> int:
        """The number of runs that this process plays now."""
        return len(self._live)

    @property
    def queued(self) -> int:
        """The number of runs that wait for a place."""
        return len(self._queue)

    async def until_settled(self, run_id: str) -> LiveRun | None:
        """Wait until this process does nothing with the run; how it stood last, if it was played meanwhile."""
        last = None
        while self.is_live(run_id):
            live = self._live.get(run_id)
            if live is None:
                await asyncio.sleep(0.01)
            else:
                await live.ended.wait()
                last = live if live.result or live.error or last is None else last
        return last

    async def play(self, run_id: str, desired: Desired = "run") -> Result | None:
        """Play a run, and wait until it stands.

        Returns:
            How it stands; None where there was nothing to do.

        Raises:
            Taken: another process plays it.
            PyscraiError: it could not be played, for a reason that the registry has recorded.
        """
        self.wake(run_id, desired)
        last = await self.until_settled(run_id)
        if last is None:
            return None
        if last.error is not None:
            raise last.error
        return last.result

    def listen_to_tokens(self, run_id: str, listener: TokenListener | None) -> None:
        """Hand on a run's words while they stream in, or no longer: streaming costs, so only while someone listens."""
        if listener is None:
            self.listeners.pop(run_id, None)
        else:
            self.listeners[run_id] = listener
        live = self._live.get(run_id)
        if live is not None and live.runner is not None:
            live.runner.runtime.listener = self.listeners.get(run_id)

    async def drain(self) -> None:
        """Let every run stand at its next superstep boundary; those that do not within the grace time are cut off.

        What was asked of them stays as it is, so that the next process goes on with them. Nothing is lost by cutting
        off: every finished node is durable.
        """
        if self._closing:
            return
        self._closing = True
        self._next_look.stop()
        self._queue.clear()
        await self._heartbeat.stop()
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

    def _pump(self) -> None:
        while len(self._live) < self.capacity and not self._closing:
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
            self._passed_over.pop(live.run_id, None)
        except (Taken, Fenced) as error:
            live.error = error
            _log.log(10 if isinstance(error, Taken) else 30, "manager.not_ours", code=error.code)
        except PyscraiError as error:
            await self._fail(live, error)
        except Exception as error:
            _log.exception("manager.unexpected")
            stopped = RunError(f"an unexpected {type(error).__name__} stopped the run", code="run.internal",
                               cure="resume the run, and report what the log says")
            stopped.__cause__ = error
            await self._fail(live, stopped)
        finally:
            del self._live[live.run_id]
            live.ended.set()
            if live.again and not live.satisfied and not self._closing:
                self._queue.put(live.run_id)
            self._pump()
            self._next_look.soon()

    async def _fail(self, live: LiveRun, error: PyscraiError) -> None:
        live.error = error
        if isinstance(error, StorageError) and error.passes:  # it stands, and is found due when storage is back
            _log.error("manager.interrupted", code=error.code, error=str(error))
            return
        _log.info("manager.failed", code=error.code, error=str(error))
        try:
            await self._registry.fail(live.run_id, error)
        except Exception as second:
            # The state desired of it stands, so it is found due again, each time later.
            wait = min(2 * self._passed_over.get(live.run_id, (0.0, PASSED_OVER[0] / 2))[1], PASSED_OVER[1])
            self._passed_over[live.run_id] = (asyncio.get_running_loop().time() + wait, wait)
            _log.error("manager.not_recorded", code=getattr(second, "code", type(second).__name__), error=str(second))

    async def _work(self, live: LiveRun) -> None:
        async with self._slots.take():
            opened = self._registry.open(live.run_id)
            assignment = await opened.__aenter__()
        try:
            await self._carry_out(live, assignment)
        except BaseException as error:
            if not await opened.__aexit__(type(error), error, error.__traceback__):
                raise
        else:
            await opened.__aexit__(None, None, None)

    async def _carry_out(self, live: LiveRun, assignment: Assignment) -> None:
        runner, told = assignment.runner, assignment.told
        live.runner = runner
        reason = live.reason or f"{told} was asked for"
        if told in ("none", "wait", "wait_step") or live.asked == "shutdown":
            return
        if told == "pause" or live.asked == "cut":
            live.result = await runner.hold(reason)
        elif told in ("stop", "cancel") or live.asked == "cancel":
            live.result = await runner.end(reason)
        else:
            live.result = await self._play(live, assignment)
        obeyed = None if live.result.withheld and live.asked is None else live.obeyed(told)
        if obeyed is not None or live.result.status in FINAL:
            await self._registry.settle(live.run_id, obeyed or told, live.result)

    async def _play(self, live: LiveRun, assignment: Assignment) -> Result:
        runner = assignment.runner
        runner.runtime.listener = self.listeners.get(live.run_id)
        if live.asked in ("pause", "stop"):
            live.interrupt(live.asked, live.reason)
        live.playing = asyncio.create_task(self._play_when_calm(runner, step=assignment.told == "step"))
        try:
            return await live.playing
        except asyncio.CancelledError:
            if live.asked == "lost":
                raise Fenced(f"run {live.run_id} is played by another process now") from None
            if live.asked == "cut":
                return await runner.hold(live.reason)
            if live.asked != "cancel":
                raise
            return await runner.end(live.reason)

    async def _play_when_calm(self, runner: ScenarioRunner, *, step: bool) -> Result:
        await self._slots.calm()
        return await runner.play(step=step)

    async def _renew(self) -> None:
        opened = [live for live in self._live.values() if live.runner is not None]
        if not opened:
            return
        desires = await self._registry.renew([live.run_id for live in opened])
        for live in opened:
            if live.run_id not in self._live or live.asked == "shutdown":
                continue
            desired = desires.get(live.run_id)
            if desired is None:
                live.asked = "lost"
                if live.playing is not None:
                    live.playing.cancel()
            elif desired in STANDING_STILL and live.asked != desired:
                live.interrupt(desired)

    async def look(self) -> None:
        """Find the runs that are due now, as far as there is room for them."""
        room = self.capacity - len(self._live) - len(self._queue)
        if room <= 0 or self._closing:
            return
        now = asyncio.get_running_loop().time()
        found = await self._registry.due(room)
        self._next_look.worthwhile = len(found) >= room and not self._closing
        for due in found:
            if (live := self._live.get(due.run_id)) is not None:
                live.again, live.last_request = True, None  # it stood already and is on its way out
            elif self._passed_over.get(due.run_id, (0.0, 0.0))[0] <= now:
                self._queue.put(due.run_id, due.share)
        self._pump()
