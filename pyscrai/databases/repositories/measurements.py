"""Scores and categories, as they were measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.lineage import lineage, without
from pyscrai.databases.tables import MeasurementRow


class Measurements:
    """Reads what was measured in runs; the record writes it with the event of the same ``seq``."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, run_id: str, *, measures: Collection[str] = (), of: str | None = None,
                   upto_turn: int | None = None) -> Sequence[MeasurementRow]:
        """The measurements of a run, its shared past first, in the order of the log."""
        past = await lineage(self._session, run_id)
        query = select(MeasurementRow).order_by(MeasurementRow.seq).where(or_(*(
            MeasurementRow.run_id == segment.run_id if segment.upto_turn is None
            else and_(MeasurementRow.run_id == segment.run_id, MeasurementRow.turn <= segment.upto_turn, *without(
                [rule for later in past[index + 1:] for rule in later.left_out], literal("measurement"),
                func.coalesce(MeasurementRow.source, ""), MeasurementRow.turn, MeasurementRow.measure))
            for index, segment in enumerate(past))))
        if measures:
            query = query.where(MeasurementRow.measure.in_(measures))
        if of is not None:
            query = query.where(MeasurementRow.of == of)
        if upto_turn is not None:
            query = query.where(MeasurementRow.turn <= upto_turn)
        return (await self._session.scalars(query)).all()
