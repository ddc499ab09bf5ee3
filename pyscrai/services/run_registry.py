"""The engine manager's registry over the database: the states desired of runs, and who plays them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

import structlog

from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.stored_runs import StoredRun
from pyscrai.databases.run_needs import LANGUAGE, Needs, word
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.orchestration.run_registry import Assignment, Due, Taken
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import ConfigError, PyscraiError, RunError, WrongState
from pyscrai.events import NotApplied, RunFailed
from pyscrai.factories.run_leases import is_dead
from pyscrai.factories.scenario_factory import make_runner
from pyscrai.factories.services import Services
from pyscrai.lifecycle import FINAL, STANDING_STILL, Desired, is_unmet, settled
from pyscrai.services.outside_events import change_runs

_log = structlog.get_logger("pyscrai.fleet")


class StoredRunRegistry:
    """All runs of a database, as one process of many sees them.

    Args:
        only: the one run that a front end plays itself. It is played whatever was desired of it before but its end; no
            other run is due, and no other process takes it up when the front end is gone.
        as_desired: the front end carries out what is desired of that run, and does not simply play it on.
        aliases: the only model aliases that are asked here; none means all that are configured.
        labels: what this process offers beside them, for runs with a tag ``needs:LABEL``.
    """

    def __init__(self, services: Services, *, only: str | None = None, as_desired: bool = False,
                 aliases: Collection[str] = (), labels: Collection[str] = ()) -> None:
        self._services, self._only, self._as_desired = services, only, as_desired
        self._aliases, self._labels = frozenset(map(word, aliases)), frozenset(map(word, labels))
        self._misfits: set[str] = set()
        self._open: dict[str, RunRecord] = {}
        self._swept = only is not None

    def on_external_request(self, tell: Callable[[str, Desired], None]) -> Callable[[], None]:
        """Tell of what others ask of the runs that this process plays, at each recorded turn; a call ends it."""
        def compare(run_id: str) -> None:
            record = self._open.get(run_id)
            if record is not None and record.desired in STANDING_STILL:
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
            held = await services.ownership.acquire(run_id)
        except WrongState as error:
            raise Taken(error.message, cure=error.cure) from None
        try:
            stored = await services.joint.open(held)
            told = await self._told(stored)
            runner = await make_runner(services, stored, held.fence)
            if stored.row.parent_run_id is not None and stored.row.status == "pending":
                await _check_past(runner)
            record = cast(RunRecord, runner.runtime.record)
            self._open[run_id] = record
            if run_id == self._only and not self._as_desired:
                record.desired = "none"
            yield Assignment(runner, told)
        finally:
            self._open.pop(run_id, None)
            await services.ownership.release(run_id, held.fence)

    async def _told(self, stored: StoredRun) -> Desired:
        row = stored.row
        told = row.desired if is_unmet(row.status, row.desired) else "none"
        if row.id != self._only or self._as_desired or row.status in FINAL or told in ("stop", "cancel"):
            return told
        if row.desired != "none":
            async with self._services.database.session() as session:
                await DesiredStates(session).set([row.id], "none")
        return "run"

    def _fits(self, needs: str) -> bool:
        """Whether this process can play a run that needs this; what it cannot play is told once."""
        lacks = self._lacks(Needs.read(needs))
        if lacks and needs not in self._misfits:
            self._misfits.add(needs)
            _log.warning("fleet.left_to_others", needs=needs, lacks=lacks)
        return not lacks

    def _lacks(self, needs: Needs) -> str:
        """The first thing that a run needs and this process has not; empty where it has all."""
        if needs.language > LANGUAGE:
            return f"template language {needs.language}"
        if missing := sorted(needs.labels - self._labels):
            return f"labels: {', '.join(missing)}"
        if self._aliases and (missing := sorted(needs.aliases - self._aliases)):
            return f"aliases that it was told to ask: {', '.join(missing)}"
        for alias in sorted(needs.aliases):
            try:
                self._services.models.known(alias)
            except ConfigError:
                return f"the model alias {alias}"
        return ""

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        held = await self._services.ownership.renew(run_ids)
        async with self._services.database.read() as session:
            return await DesiredStates(session).read(held)

    async def due(self, limit: int) -> Sequence[Due]:
        await self._services.ownership.release_left()
        if self._only is not None:
            return ()
        await self._sweep()
        ours = self._services.ownership.owner
        async with self._services.database.read() as session:
            dead = [owner for owner in await DesiredStates(session).owners() if owner != ours and is_dead(owner)]
        return [Due(claim.run_id, claim.share) for claim in await self._services.ownership.claim(
            limit, fits=self._fits, dead=dead)]

    async def settle(self, run_id: str, told: Desired, result: Result) -> None:
        if (desired := settled(result.status, told)) is not None:
            await self._services.joint.settle((run_id, told, desired))
        record = self._open.get(run_id)
        if result.status in FINAL and (record is None or record.controls_waiting):
            await self._refuse_waiting(run_id)

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        async with change_runs(self._services) as changes:
            row = await Runs(changes.session).get(run_id, lock=True)
            if row.status in FINAL:  # what went wrong came after its end
                return
            row.desired = settled("failed", row.desired) or row.desired
            await changes.record(run_id, [RunFailed(
                key=f"failed.{uuid4().hex[:12]}", turn=row.turn, phase=row.phase, source="run", error=error.as_dict())])

    async def _refuse_waiting(self, run_id: str) -> None:
        """Record which accepted controls no turn took before the run ended."""
        async with change_runs(self._services) as changes:
            row = await Runs(changes.session).get(run_id, lock=True)
            left = await Controls(changes.session).refuse_waiting(run_id)
            await changes.record(run_id, [NotApplied(
                key=f"c{command.number}.not_applied", turn=row.turn, phase=row.phase, source=command.row.actor,
                action=command.row.kind, actor=command.row.actor, arguments=command.row.payload,
                reason=f"the run was {row.status} before a turn could take it") for command in left])

    async def _sweep(self) -> None:
        """Do once for a process what one that died may have left undone."""
        if self._swept:
            return
        self._swept = True
        async with self._services.database.read() as session:
            left = await Controls(session).ended_runs()
        for run_id in left:
            await self._refuse_waiting(run_id)


async def _check_past(runner: ScenarioRunner) -> None:
    if not (await runner.graph.aget_state(runner.config)).values:
        raise RunError(f"{runner.thread} was not made to its end: the past that it shares is missing",
                       code="run.half_made", cure="delete it and fork again")
