"""Notes of people on events of runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.lineage import lineage
from pyscrai.databases.tables import AnnotationRow, EventRow
from pyscrai.errors import NotFound, no_run


class Annotations:
    """The notes on the events of runs, in the order in which they were written."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, run_id: str, key: str, text: str, *, author: str, tags: Sequence[str] = ()) -> AnnotationRow:
        """Write a note on an event; on one of a shared past too, for this run alone.

        Raises:
            NotFound: there is no such run, or no event with this key.
        """
        segments = await lineage(self._session, run_id)
        if not segments:
            raise no_run(run_id)
        known = await self._session.scalar(select(EventRow.id).where(
            EventRow.run_id.in_([segment.run_id for segment in segments]), EventRow.key == key).limit(1))
        if known is None:
            raise NotFound(f"{run_id} has no event {key!r}", cure="name the `key` of one of its events", key=key)
        row = AnnotationRow(run_id=run_id, key=key, author=author, text=text, tags=list(dict.fromkeys(tags)))
        self._session.add(row)
        await self._session.flush()
        return row

    async def list(self, run_id: str) -> Sequence[AnnotationRow]:
        """The notes on a run's events."""
        return (await self._session.scalars(select(AnnotationRow).where(
            AnnotationRow.run_id == run_id).order_by(AnnotationRow.id))).all()

    async def remove(self, run_id: str, number: int) -> None:
        """Take a note away.

        Raises:
            NotFound: there is none with this number.
        """
        row = await self._session.get(AnnotationRow, number)
        if row is None or row.run_id != run_id:
            raise NotFound(f"{run_id} has no note {number}", cure="`GET /runs/{run_id}/annotations` lists them")
        await self._session.delete(row)
