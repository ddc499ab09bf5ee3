"""Runs an experiment: pasts in their order, their arms beside each other, until all is played or a stop rule holds.

What is to be done stands in the tables; the runner keeps nothing that it cannot read there again. A run and the cell
that it plays are written in one transaction, so that a process that dies leaves no cell without its run, and the next
one finds every run where it stands.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Literal

import structlog

from pyscrai.databases.columns import now
from pyscrai.databases.experiment_tables import ExperimentPastRow
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.workers import Workers
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.errors import WrongState
from pyscrai.factories.run_leases import is_dead
from pyscrai.factories.services import Services
from pyscrai.services.experiments.cell_player import CellPlayer
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.services.experiments.results import interim_results
from pyscrai.services.experiments.run_player import RunPlayer
from pyscrai.services.experiments.standstill import let_stand, until_they_stand

TTL = timedelta(seconds=20)
BEAT = 1.0
"""Seconds between two renewals of the lease, at which it is also seen what is desired."""

WEIGHTS = {"": 0, "rule": 1, "failures": 1, "pause": 2, "cancel": 3, "lost": 4}
"""Why nothing new is begun, and which reason outweighs which; ``lost`` is the lease."""

_log = structlog.get_logger("pyscrai.experiments")


class ExperimentRunner:
    """Runs one frozen experiment with the runs of a manager.

    Args:
        parallel: how many runs are played at once, if not as many as the experiment says.
    """

    def __init__(self, services: Services, manager: EngineManager, experiment_id: str, *, parallel: int | None = None
                 ) -> None:
        self._services, self._manager, self._id = services, manager, experiment_id
        self._parallel_wish = parallel
        self._halt = ""
        self._reason = ""
        self._leaving = False
        self._settled = self._failed = self._whole = self._looked_at = 0
        self._cost = 0.0
        self._begun_at = 0.0
        self._seconds_before = 0.0

    async def run(self) -> ExperimentPlan:
        """Play what is missing or failed, until nothing is, a stop rule holds, or a pause is asked for.

        Raises:
            NotFound: there is no such experiment.
            WrongState: it is not frozen, is cancelled, or another process runs it.
        """
        async with self._services.database.read() as session:
            plan = await plan_of(session, await Experiments(session).get(self._id))
        if plan.row.freeze_hash is None:
            raise WrongState(f"{self._id} is not frozen", cure="freeze it first", code="experiment.not_frozen")
        if plan.row.status == "cancelled":
            raise WrongState(f"{self._id} is cancelled", cure="run another version", code="experiment.cancelled")
        async with self._held():
            await self._begin(plan)
            try:
                await self._play_pasts(plan)
                if self._halt in ("pause", "cancel"):
                    await self._stand_still()
                    await until_they_stand(self._services, self._id)
            except BaseException:
                if not self._leaving:
                    await self._stand_still()
                await self._end("paused", "it was interrupted")
                raise
            return await self._conclude()

    def halt(self, why: str = "pause") -> None:
        """Begin nothing new; with ``pause`` and ``cancel`` also let what plays stand."""
        if WEIGHTS[why] > WEIGHTS[self._halt]:
            self._halt = why

    def leave(self) -> None:
        """Leave the experiment to another process, which goes on with it when this one is cancelled."""
        self._leaving = True

    def _stopped(self) -> bool:
        return bool(self._halt)

    def _standing(self) -> bool:
        """Whether what plays is to stand, too."""
        return self._halt in ("pause", "cancel", "lost")

    # -- the lease ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        owner = self._services.ownership.owner
        async with self._services.database.session() as session:
            experiments = Experiments(session)
            row = await experiments.get(self._id)
            dead = row.owner if row.owner and is_dead(row.owner) else None
            if not await experiments.acquire(self._id, owner, TTL, dead=dead):
                raise WrongState(f"{self._id} is run by another process", code="experiment.taken",
                                 cure="pause it there; a process that died is replaced within half a minute")
        beat = asyncio.create_task(self._keep(owner), name=f"pyscrai-{self._id}")
        try:
            yield
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            async with self._services.database.session() as session:
                await Experiments(session).release(self._id, owner)

    async def _keep(self, owner: str) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            moment = time.monotonic()
            try:
                async with self._services.database.session() as session:
                    desired = await Experiments(session).renew(self._id, owner, TTL, moment - last)
            except Exception as error:   # there is time for another try before the lease runs out
                _log.warning("experiment.not_renewed", experiment=self._id, error=str(error))
                continue
            last = moment
            if desired is None:
                self.halt("lost")
            elif desired in ("pause", "cancel"):
                self.halt(desired)
            if self._standing():
                await self._stand_still()

    async def _stand_still(self) -> None:
        """Let what is played of it stand, wherever; not where another process leads it now."""
        if self._halt == "lost":
            return
        action: Literal["pause", "cancel"] = "cancel" if self._halt == "cancel" else "pause"
        for accepted in await let_stand(self._services, self._id, action):
            self._manager.wake(accepted.run_id, accepted.desired, reason=f"the experiment is to {action}")

    # -- the course ---------------------------------------------------------------------------------------------------

    async def _begin(self, plan: ExperimentPlan) -> None:
        async with self._services.database.session() as session:
            cells = ExperimentCells(session, self._id)
            await cells.retry_failed()
            totals = await cells.totals()
            self._cost = totals.spent[0]
            self._whole = self._looked_at = await cells.whole_pasts()
            self._settled = sum(arm.get("ended", 0) + arm.get("failed", 0) for arm in totals.cells.values())
            if (budget := _budget(plan)) is not None:
                await Workers(session).treat(self._id, budget_usd=budget)
            await Experiments(session).change(
                self._id, status="running", desired="run", reason="", started_at=plan.row.started_at or now(),
                ended_at=None)
        self._begun_at, self._seconds_before = time.monotonic(), plan.row.seconds

    async def _play_pasts(self, plan: ExperimentPlan) -> None:
        parallel = self._parallel_wish or plan.spec.parallel
        cells = max(1, len(plan.arms) * plan.spec.repeats)
        # Few pasts are under way at once, so that a stop rule finds whole ones; those that are made first need more.
        most = parallel if plan.spec.pasts.until is not None else math.ceil(parallel / cells) + 1
        player = CellPlayer(self._services, RunPlayer(self._services, self._manager, self._id, self._standing,
                                                     self._is_spent), plan,
                            room=asyncio.Semaphore(parallel), stopped=self._stopped, settled=self._count)
        under_way: set[asyncio.Task[None]] = set()
        try:
            await self._check_stop(plan, player)
            async for past in self._open_pasts():
                while len(under_way) >= most:
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                if self._halt:
                    break
                under_way.add(asyncio.create_task(self._play_past(plan, player, past)))
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _open_pasts(self) -> AsyncIterator[ExperimentPastRow]:
        after = 0
        while True:
            async with self._services.database.read() as session:
                portion = await ExperimentCells(session, self._id).open_pasts(after, 100)
            if not portion:
                return
            for past in portion:
                yield past
            after = portion[-1].past

    async def _play_past(self, plan: ExperimentPlan, player: CellPlayer, past: ExperimentPastRow) -> None:
        self._whole += await player.play_past(past)
        await self._check_stop(plan, player)

    def _count(self, *, failed: bool, cost: float, cells: int = 1) -> None:
        self._settled += cells
        self._failed += failed
        self._cost += cost

    # -- stopping -----------------------------------------------------------------------------------------------------

    async def _is_spent(self) -> bool:
        """Whether the experiment's calls, of all processes, have cost what it may cost; then nothing new is begun."""
        if not await self._services.budgets.is_spent(self._id):
            return False
        if not self._halt:
            self._reason = "its budget is spent"
            self.halt("rule")
        return True

    async def _check_stop(self, plan: ExperimentPlan, player: CellPlayer) -> None:
        spec = plan.spec
        if self._halt:
            return
        limit = spec.failures.stop_above
        if limit is not None and self._settled >= 10 and self._failed / self._settled > limit:
            self._reason = f"{self._failed} of {self._settled} runs failed"
            self.halt("failures")
            return
        if await self._is_spent():
            return
        narrowed = await self._half_width(plan)
        for rule in spec.stop.first if spec.stop is not None and not plan.row.pilot else ():
            held = ((rule.pasts is not None and self._whole >= rule.pasts)
                    or (rule.cost_usd is not None and self._cost >= rule.cost_usd)
                    or (rule.seconds is not None
                        and self._seconds_before + time.monotonic() - self._begun_at >= rule.seconds)
                    or (rule.half_width is not None and self._whole >= rule.after and narrowed is not None
                        and narrowed <= rule.half_width))
            if held:
                self._reason = f"stop rule: {rule.text}"
                self.halt("rule")
                return

    async def _half_width(self, plan: ExperimentPlan) -> float | None:
        """Half of the widest primary interval; looked at less often the more pasts there are, so that cost is flat."""
        rules = plan.spec.stop.first if plan.spec.stop is not None else ()
        often = 20 if any(rule.half_width is not None for rule in rules) else 5   # else it is only looked at
        if self._whole < self._looked_at + max(1, self._looked_at // often) or self._whole < 2:
            return None
        self._looked_at = self._whole
        return await interim_results(self._services, plan)

    async def _conclude(self) -> ExperimentPlan:
        if self._halt in ("pause", "lost"):
            return await self._end("paused", "it was paused")
        if self._halt == "failures":
            return await self._end("paused", self._reason)
        if self._halt == "cancel":
            return await self._end("cancelled", "it was cancelled")
        if await self._services.budgets.is_spent(self._id):
            await self._let_stand()
        async with self._services.database.read() as session:
            counts = (await ExperimentCells(session, self._id).totals()).cells
        left = sum(arm.get("planned", 0) + arm.get("playing", 0) for arm in counts.values())
        if left and self._halt != "rule":
            return await self._end("paused", f"{left} runs are not played")
        return await self._end("completed", self._reason or "all pasts were played")

    async def _let_stand(self) -> None:
        """Ask nothing more of runs that stand because nothing is left to spend."""
        async with self._services.database.session() as session:
            run_ids = await ExperimentCells(session, self._id).playing()
            await DesiredStates(session).set(run_ids, "none")

    async def _end(self, status: str, reason: str) -> ExperimentPlan:
        asked = {} if self._leaving else {"desired": {"paused": "pause", "cancelled": "cancel"}.get(status, "none")}
        async with self._services.database.session() as session:
            experiments = Experiments(session)
            if self._halt != "lost":
                await experiments.change(self._id, status=status, reason=reason, **asked,
                                         ended_at=now() if status in ("completed", "cancelled") else None)
            session.expire_all()
            return await plan_of(session, await experiments.get(self._id))


def _budget(plan: ExperimentPlan) -> float | None:
    """The bound of what all calls of an experiment cost: its stop rule of that name; a pilot stops by none."""
    rules = plan.spec.stop.first if plan.spec.stop is not None and not plan.row.pilot else ()
    return min((rule.cost_usd for rule in rules if rule.cost_usd is not None), default=None)
