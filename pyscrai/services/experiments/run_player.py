"""Runs of an experiment: made together with their cells, and played by an engine manager until they stand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from pyscrai.databases.coalescer import Together
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.experiment_cells import CellKey, ExperimentCells
from pyscrai.databases.repositories.runs import NewRunRow, Runs
from pyscrai.databases.tables import RunMetricsRow, RunRow
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.run_registry import Due
from pyscrai.factories.services import Services
from pyscrai.lifecycle import FINAL, Desired, RunStatus, is_unmet
from pyscrai.services.run_registry import StoredRunRegistry


class OwnRuns(StoredRunRegistry):
    """The runs of a database, of which this process plays only those that it is told to."""

    async def due(self, limit: int) -> Sequence[Due]:
        return ()


@asynccontextmanager
async def own_manager(services: Services, capacity: int) -> AsyncIterator[EngineManager]:
    """A manager that plays what it is told to and leaves all other runs of the database alone."""
    registry = OwnRuns(services)
    manager = EngineManager(registry, capacity=capacity, grace=services.settings.server.grace)
    unsubscribe = registry.on_external_request(manager.wake)
    try:
        async with manager:
            yield manager
    finally:
        unsubscribe()


@dataclass(frozen=True, slots=True)
class Stand:
    """How a run stands: its status, how far it is, and what it took."""

    run_id: str
    status: RunStatus
    desired: Desired
    turn: int
    error: Mapping[str, Any] | None
    cost_usd: float
    tokens: int


class RunPlayer:
    """Makes and plays the runs of one experiment; what many of them ask of the database is asked once for all.

    Args:
        standing: whether what plays is to stand.
        spent: whether the experiment may spend nothing more.
    """

    def __init__(self, services: Services, manager: EngineManager, experiment_id: str, standing: Callable[[], bool],
                 spent: Callable[[], Awaitable[bool]]) -> None:
        self._services, self._manager, self._id, self._standing = services, manager, experiment_id, standing
        self._spent = spent
        self.create = Together(self._create)
        self.settle = Together(self._settle)
        self.stand = Together(self._stand)
        self._desire = Together(self._desired)

    async def play(self, run_id: str, *, made: bool = False) -> Stand:
        """Let a run be played until it stands: ended, paused, or waiting for a person.

        Args:
            made: it was made just now, and it is desired that it runs.
        """
        if not made:
            stand = await self.stand(run_id)
            if stand.status in FINAL:
                return await self.counted(run_id)
            await self._desire(run_id)
        while True:
            self._manager.wake(run_id, "run", share=self._id)
            await self._manager.until_settled(run_id)
            stand = await self.stand(run_id)
            # What the experiment cannot pay for stands, or is not begun: it learns of it here.
            if not is_unmet(stand.status, stand.desired) or await self._spent():
                return stand
            if self._standing():
                return stand
            await asyncio.sleep(0.5)   # another process plays it, or is about to

    async def counted(self, run_id: str) -> Stand:
        """Keep a run's figures, which a process that died, or a pause, leaves it without; how the run stands."""
        await self._services.joint.sum_up(run_id)
        return await self.stand(run_id)

    async def _create(self, made: Sequence[tuple[NewRunRow, int | CellKey]]) -> Sequence[str]:
        """Runs, each noted with its past or cell in the same transaction."""
        async with self._services.database.session() as session:
            ids = await Runs(session).create(*(new for new, _ in made))
            cells = ExperimentCells(session, self._id)
            for run_id, (_, place) in zip(ids, made, strict=True):
                if isinstance(place, int):
                    await cells.change_past(place, run_id=run_id, state="playing")
                else:
                    await cells.change({place: {"run_id": run_id, "state": "playing"}})
            return ids

    async def _settle(self, changes: Sequence[tuple[CellKey, Mapping[str, Any]]]) -> Sequence[None]:
        async with self._services.database.session() as session:
            cells = ExperimentCells(session, self._id)
            for key, values in changes:
                await cells.change({key: values})
        return [None] * len(changes)

    async def _desired(self, run_ids: Sequence[str]) -> Sequence[None]:
        async with self._services.database.session() as session:
            await DesiredStates(session).set(run_ids, "run")
        return [None] * len(run_ids)

    async def _stand(self, run_ids: Sequence[str]) -> Sequence[Stand | Exception]:
        async with self._services.database.read() as session:
            rows = await session.execute(select(
                RunRow.id, RunRow.status, RunRow.desired, RunRow.turn, RunRow.error).where(RunRow.id.in_(run_ids)))
            found = {row.id: row for row in rows}
            spent: dict[str, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
            metrics = await session.execute(select(
                RunMetricsRow.run_id, func.coalesce(RunMetricsRow.cost_usd, 0.0),
                RunMetricsRow.prompt_tokens + RunMetricsRow.completion_tokens).where(
                    RunMetricsRow.run_id.in_(run_ids), RunMetricsRow.role == ""))
            spent.update({run_id: (cost, tokens) for run_id, cost, tokens in metrics})
        return [Stand(run_id, found[run_id].status, found[run_id].desired, found[run_id].turn, found[run_id].error,
                      *spent[run_id]) for run_id in run_ids]
