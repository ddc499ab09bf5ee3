"""The pasts and cells of experiments: read in portions, and brought forward."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import CompoundSelect, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow
from pyscrai.databases.tables import RunRow

CellState = Literal["planned", "playing", "ended", "failed", "excluded"]
PastState = Literal["planned", "playing", "made", "failed", "excluded"]
OPEN = ("planned", "playing")
STATES: tuple[CellState, ...] = ("planned", "playing", "ended", "failed", "excluded")

CellKey = tuple[int, str, int]
"""Past, arm, repeat."""


@dataclass(frozen=True, slots=True)
class PlayedCell:
    """A cell with the run that plays it, where there is one."""

    cell: ExperimentCellRow
    run: RunRow | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Cells of each arm by state, pasts by state, and the USD and tokens that their runs took so far."""

    cells: Mapping[str, Mapping[str, int]]
    pasts: Mapping[str, int]
    spent: tuple[float, int]


class ExperimentCells:
    """The pasts and cells of one experiment."""

    def __init__(self, session: AsyncSession, experiment_id: str) -> None:
        self._session, self._id = session, experiment_id

    async def open_pasts(self, after: int, limit: int) -> Sequence[ExperimentPastRow]:
        """Pasts of which something is still to be played, in their order."""
        waiting = exists().where(ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.state.in_(OPEN),
                                 ExperimentCellRow.past == ExperimentPastRow.past)
        return (await self._session.scalars(select(ExperimentPastRow).where(
            ExperimentPastRow.experiment_id == self._id, ExperimentPastRow.past > after, waiting
        ).order_by(ExperimentPastRow.past).limit(limit))).all()

    async def pasts(self, *, after: int = 0, limit: int | None = None) -> Sequence[ExperimentPastRow]:
        """Pasts in their order."""
        return (await self._session.scalars(select(ExperimentPastRow).where(
            ExperimentPastRow.experiment_id == self._id, ExperimentPastRow.past > after
        ).order_by(ExperimentPastRow.past).limit(limit))).all()

    async def of_past(self, past: int, *, states: Collection[str] = OPEN) -> Sequence[ExperimentCellRow]:
        """The cells of a past that are in one of these states."""
        return (await self._session.scalars(select(ExperimentCellRow).where(
            ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.past == past,
            ExperimentCellRow.state.in_(states)).order_by(ExperimentCellRow.repeat, ExperimentCellRow.arm))).all()

    async def page(self, *, after: CellKey | None = None, states: Collection[str] = (), arm: str | None = None,
                   limit: int = 500) -> list[PlayedCell]:
        """Cells with their runs, in the order of past, arm and repeat."""
        query = select(ExperimentCellRow, RunRow).outerjoin(RunRow, RunRow.id == ExperimentCellRow.run_id).where(
            ExperimentCellRow.experiment_id == self._id).order_by(
                ExperimentCellRow.past, ExperimentCellRow.arm, ExperimentCellRow.repeat).limit(limit)
        if after is not None:
            query = query.where(tuple_(ExperimentCellRow.past, ExperimentCellRow.arm, ExperimentCellRow.repeat)
                                > tuple_(*after))
        if states:
            query = query.where(ExperimentCellRow.state.in_(states))
        if arm is not None:
            query = query.where(ExperimentCellRow.arm == arm)
        return [PlayedCell(cell, run) for cell, run in await self._session.execute(query)]

    async def totals(self) -> Totals:
        """Everything that is counted, by one look at the index of cells and one at the pasts."""
        cells, pasts = ExperimentCellRow, ExperimentPastRow
        counts: dict[str, dict[str, int]] = {}
        past_counts: dict[str, int] = {}
        usd, tokens = 0.0, 0
        for arm, state, count, cost, used in await self._session.execute(select(
                cells.arm, cells.state, func.count(), func.sum(cells.cost_usd), func.sum(cells.tokens)).where(
                    cells.experiment_id == self._id).group_by(cells.arm, cells.state).order_by(cells.arm, cells.state)):
            counts.setdefault(arm, {})[state] = count
            usd, tokens = usd + float(cost or 0.0), tokens + int(used or 0)
        for state, count, cost, used in await self._session.execute(select(
                pasts.state, func.count(), func.sum(pasts.cost_usd), func.sum(pasts.tokens)).where(
                    pasts.experiment_id == self._id).group_by(pasts.state).order_by(pasts.state)):
            past_counts[state] = count
            usd, tokens = usd + float(cost or 0.0), tokens + int(used or 0)
        return Totals(counts, past_counts, (usd, tokens))

    async def reasons(self, *, limit: int = 20) -> list[dict[str, Any]]:
        """States and reasons of cells that failed or were left out, with their numbers, the most frequent first."""
        cells = ExperimentCellRow
        found = await self._session.execute(select(cells.state, cells.reason, func.count()).where(
            cells.experiment_id == self._id, cells.reason != "").group_by(cells.state, cells.reason).order_by(
                func.count().desc()).limit(limit))
        return [{"state": state, "reason": reason, "cells": count} for state, reason, count in found]

    async def whole_pasts(self) -> int:
        """The number of pasts that have nothing left to be played and at least one ended cell."""
        cells = ExperimentCellRow
        left = exists().where(cells.experiment_id == self._id, cells.past == ExperimentPastRow.past,
                              cells.state.in_(OPEN))
        ended = exists().where(cells.experiment_id == self._id, cells.past == ExperimentPastRow.past,
                               cells.state == "ended")
        return await self._session.scalar(select(func.count()).select_from(ExperimentPastRow).where(
            ExperimentPastRow.experiment_id == self._id, ~left, ended)) or 0

    async def change_past(self, past: int, **values: Any) -> None:
        """Set columns of a past."""
        await self._session.execute(update(ExperimentPastRow).where(
            ExperimentPastRow.experiment_id == self._id, ExperimentPastRow.past == past).values(**values))

    async def change(self, changes: Mapping[CellKey, Mapping[str, Any]]) -> None:
        """Set columns of cells, each its own."""
        for (past, arm, repeat), values in changes.items():
            await self._session.execute(update(ExperimentCellRow).where(
                ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.past == past,
                ExperimentCellRow.arm == arm, ExperimentCellRow.repeat == repeat).values(**values))

    async def exclude(self, past: int, reason: str) -> None:
        """Leave out what is still open of a past, and say why."""
        await self._session.execute(update(ExperimentCellRow).where(
            ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.past == past,
            ExperimentCellRow.state.in_(OPEN)).values(state="excluded", reason=reason))

    async def retry_failed(self) -> None:
        """Let what failed be played again, each run from where it failed, and what was left out with a failed past."""
        cells, pasts = ExperimentCellRow, ExperimentPastRow
        fresh = {"attempts": 0, "error": None, "reason": ""}
        mine = cells.experiment_id == self._id
        failed_pasts = select(pasts.past).where(pasts.experiment_id == self._id, pasts.state == "failed")
        await self._session.execute(update(cells).where(
            mine, cells.state == "excluded", cells.past.in_(failed_pasts)).values(state="planned", **fresh),
            execution_options={"synchronize_session": False})
        await self._session.execute(update(pasts).where(
            pasts.experiment_id == self._id, pasts.state == "failed").values(state="planned", **fresh))
        await self._session.execute(update(cells).where(mine, cells.state == "failed").values(
            state="playing", **fresh))
        # A run that somebody deleted is played anew.
        await self._session.execute(update(cells).where(
            mine, cells.state.in_(("playing", "ended")), cells.run_id.is_(None)).values(state="planned", **fresh))
        await self._session.execute(update(pasts).where(
            pasts.experiment_id == self._id, pasts.state == "made", pasts.run_id.is_(None)).values(state="planned"))

    async def run_ids(self, *, pasts: bool = True) -> Sequence[str]:
        """The runs of all cells, and of all pasts where those are wanted."""
        cells = select(ExperimentCellRow.run_id).where(
            ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.run_id.is_not(None))
        shared = select(ExperimentPastRow.run_id).where(
            ExperimentPastRow.experiment_id == self._id, ExperimentPastRow.run_id.is_not(None))
        return [str(run_id) for run_id in await self._session.scalars(cells.union(shared) if pasts else cells)]

    async def playing(self) -> Sequence[str]:
        """The runs of cells that were begun and are not settled."""
        return [str(run_id) for run_id in await self._session.scalars(select(ExperimentCellRow.run_id).where(
            ExperimentCellRow.experiment_id == self._id, ExperimentCellRow.state == "playing",
            ExperimentCellRow.run_id.is_not(None)))]

    async def to_play(self) -> Sequence[str]:
        """The runs of cells and pasts that are not settled, and of which it is desired that they play."""
        return list(await self._session.scalars(select(RunRow.id).where(
            RunRow.id.in_(self._open_runs()), RunRow.desired.in_(("run", "step")))))

    async def is_played(self) -> bool:
        """Whether some process plays a run of a cell or past that is not settled."""
        return await self._session.scalar(select(RunRow.id).where(
            RunRow.id.in_(self._open_runs()), RunRow.status == "running", RunRow.owner.is_not(None),
            RunRow.lease_until > DatabaseClock()).limit(1)) is not None

    def _open_runs(self) -> CompoundSelect[str | None]:
        begun = [select(table.run_id).where(table.experiment_id == self._id, table.state == "playing")
                 for table in (ExperimentCellRow, ExperimentPastRow)]
        return begun[0].union(begun[1])
