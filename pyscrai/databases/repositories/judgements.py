"""Judgements of finished transcripts, by models and by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.experiment_tables import ExperimentCellRow, JudgementRow

HUMAN = "human:"
"""What the name of a judge begins with who is a person."""


class Judgements:
    """The judgements of one experiment."""

    def __init__(self, session: AsyncSession, experiment_id: str) -> None:
        self._session, self._id = session, experiment_id

    async def add(self, rows: Sequence[Mapping[str, Any]], *, replace: bool = False) -> None:
        """Store judgements; one that is there stays, or gives way to the new one."""
        table = JudgementRow.__table__
        assert isinstance(table, Table)
        dialect: Any = sqlite if self._session.get_bind().dialect.name == "sqlite" else postgresql
        statement = dialect.insert(table)
        keys = [column.name for column in table.primary_key.columns]
        if replace:
            statement = statement.on_conflict_do_update(index_elements=keys, set_={
                name: statement.excluded[name] for name in ("number", "category", "rationale", "evidence",
                                                            "created_at")})
        else:
            statement = statement.on_conflict_do_nothing()
        whole: dict[str, Any] = {
            **dict.fromkeys(("shown_order", "number", "category", "model", "fingerprint", "prompt_tokens",
                             "completion_tokens", "cost_usd")), "rationale": "", "evidence": []}
        moment = now()
        await self._session.execute(statement, [
            {**whole, "experiment_id": self._id, "created_at": moment, **row} for row in rows])

    async def read(self, *, run_ids: Collection[str] | None = None, measures: Collection[str] = ()
                   ) -> Sequence[JudgementRow]:
        """Judgements, by past, arm and repeat of the run, then by measure, role, judge and pass."""
        cells = ExperimentCellRow
        query = select(JudgementRow).join(cells, and_(
            cells.run_id == JudgementRow.run_id, cells.experiment_id == JudgementRow.experiment_id)).where(
                JudgementRow.experiment_id == self._id).order_by(
                    cells.past, cells.arm, cells.repeat, JudgementRow.measure, JudgementRow.of, JudgementRow.judge,
                    JudgementRow.pass_)
        if run_ids is not None:
            query = query.where(JudgementRow.run_id.in_(run_ids))
        if measures:
            query = query.where(JudgementRow.measure.in_(measures))
        return (await self._session.scalars(query)).all()

    async def done(self, run_ids: Collection[str]) -> set[tuple[str, str, str, str, int]]:
        """The judgements that these runs have already: run, measure, role, judge and pass."""
        rows = await self._session.execute(select(
            JudgementRow.run_id, JudgementRow.measure, JudgementRow.of, JudgementRow.judge, JudgementRow.pass_).where(
                JudgementRow.experiment_id == self._id, JudgementRow.run_id.in_(run_ids)))
        return {(row[0], row[1], row[2], row[3], row[4]) for row in rows}

    async def count(self) -> dict[str, int]:
        """The number of judgements by each judge."""
        rows = await self._session.execute(select(JudgementRow.judge, func.count()).where(
            JudgementRow.experiment_id == self._id).group_by(JudgementRow.judge))
        return dict(rows.all())

    async def spent(self) -> tuple[float, int]:
        """USD and tokens that the judges took."""
        cost, tokens = (await self._session.execute(select(
            func.sum(JudgementRow.cost_usd), func.sum(JudgementRow.prompt_tokens + JudgementRow.completion_tokens)
        ).where(JudgementRow.experiment_id == self._id))).one()
        return float(cost or 0.0), int(tokens or 0)
