"""The engine manager's desk over the database: what is asked of runs, and who plays them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.desired_states import Duties, Duty
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.orchestration.run_registry import ENDING, Assignment, Desired, Due, Taken
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import PyscraiError, RunError, WrongState
from pyscrai.events import RunFailed
from pyscrai.factories.run_leases import is_dead
from pyscrai.factories.scenario_factory import make_runner
from pyscrai.factories.services import Services
from pyscrai.services.outside_events import note_events

SETTLED: Mapping[str, Desired] = {"paused": "pause", "waiting": "wait"}
"""How a run stands, and what is then asked of it: nothing more until somebody asks again."""


class RunDesk:
    """All runs of a database, as one process of many sees them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._open: dict[str, RunRecord] = {}

    def notice(self, tell: Callable[[str, Desired], None]) -> Callable[[], None]:
        """Tell of what others ask of the runs that this process plays, at each recorded turn; a call ends it."""
        def compare(run_id: str) -> None:
            record = self._open.get(run_id)
            if record is not None and record.desired in ENDING:
                tell(run_id, record.desired)

        # What is asked stands in the record only when the turn has heard that it is durable, a little later.
        def listen(run_id: str, events: Sequence[StoredEvent]) -> None:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, compare, run_id)

        return self._services.writer.subscribe(listen)

    @asynccontextmanager
    async def open(self, run_id: str) -> AsyncIterator[Assignment]:
        services = self._services
        try:
            fence = await services.ownership.acquire(run_id)
        except WrongState as error:
            raise Taken(error.message, cure=error.cure) from None
        try:
            stored = await services.joint.open(run_id)
            runner = await make_runner(services, stored, fence)
            if stored.row.parent_run_id is not None and stored.row.status == "pending":
                await _check_past(runner)
            self._open[run_id] = cast(RunRecord, runner.runtime.record)
            yield Assignment(runner, _asked(stored.row.desired, stored.row.status))
        finally:
            self._open.pop(run_id, None)
            await services.ownership.release(run_id, fence)

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        held = await self._services.ownership.renew(run_ids)
        async with self._services.database.read() as session:
            return cast(Mapping[str, Desired], await Duties(session).desires(held))

    async def due(self, limit: int) -> Sequence[Due]:
        await self._services.ownership.release_left()
        async with self._services.database.read() as session:
            unmet = await Duties(session).unmet(limit)
        return [Due(duty.run_id, duty.share) for duty in unmet if self._is_free(duty)]

    async def settle(self, run_id: str, told: Desired, result: Result) -> None:
        if (desired := SETTLED.get(result.status)) is not None:
            await self._services.joint.settle((run_id, told, desired))

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        async with self._services.database.read() as session:
            row = await Runs(session).get(run_id)
        await note_events(self._services, run_id, [RunFailed(
            key=f"failed.{uuid4().hex[:12]}", turn=row.turn, phase=row.phase, source="run", error=error.as_dict())])

    def _is_free(self, duty: Duty) -> bool:
        ours = self._services.ownership.owner
        return not duty.held or duty.owner is None or (duty.owner != ours and is_dead(duty.owner))


async def _check_past(runner: ScenarioRunner) -> None:
    if not (await runner.graph.aget_state(runner.config)).values:
        raise RunError(f"{runner.thread} was not made to its end: the past that it shares is missing",
                       code="run.half_made", cure="delete it and fork again")


def _asked(desired: str, status: str) -> Desired:
    """What is still to be done for a run, given how it stands."""
    if status in ("completed", "stopped") or (desired == "pause" and status in ("paused", "failed")):
        return "none"
    return cast(Desired, desired)
