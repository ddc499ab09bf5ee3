"""The event log, read: of one run with its shared past, or of all runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.audience import ACTS, without_kept_back
from pyscrai.databases.repositories.lineage import NOT_INHERITED, Segment, lineage, without
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import EventRow

AT_ONCE = 1_000
"""Events in one query of a stream."""

TABLE = EventRow.__table__
COLUMNS: Select[Any] = select(TABLE.c.id, TABLE.c.run_id, TABLE.c.seq, TABLE.c.key, TABLE.c.kind, TABLE.c.turn,
                              TABLE.c.phase, TABLE.c.source, TABLE.c.audience, TABLE.c.payload, TABLE.c.created_at)


class Events:
    """Reads the log; the record writes it.

    A fork's log begins with the events of its parent up to the fork's turn, without those that belong to the parent's
    own playing: pauses, controls, its end, its report. ``seq`` grows through both.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, run_id: str, *, after_seq: int | None = None, before_seq: int | None = None,
                   after_id: int | None = None, kinds: Collection[str] = (), sources: Collection[str] = (),
                   heard_by: str | None = None, from_turn: int | None = None, to_turn: int | None = None,
                   limit: int | None = None, newest: bool = False, inherited: bool = True) -> list[StoredEvent]:
        """Events of a run in their order.

        Args:
            heard_by: only what this role may know: said to all, to it, or by it.
            limit: at most so many: the first of them, or the last where ``newest`` is set.
            inherited: whether a fork's past counts too.
        """
        segments = await self._segments(run_id, inherited=inherited)
        query = COLUMNS.where(belonging(segments))
        if after_id is not None:
            query = query.where(await self._after(run_id, after_id))
        for condition in _conditions(after_seq, before_seq, from_turn, to_turn):
            query = query.where(condition)
        if kinds:
            query = query.where(TABLE.c.kind.in_(kinds))
        if sources:
            query = query.where(TABLE.c.source.in_(sources))
        if heard_by is not None:
            query = query.where(_heard(heard_by))
        order = TABLE.c.seq.desc() if newest else TABLE.c.seq
        found = as_edited(await self._rows(query.order_by(order).limit(limit)), segments)
        if heard_by is not None:
            found = [replace(event, payload=dict(without_kept_back(event.kind, event.payload))) for event in found]
        return found[::-1] if newest else found

    async def since(self, after_id: int, *, run_ids: Collection[str] = (), limit: int = AT_ONCE) -> list[StoredEvent]:
        """Events of all runs, or of some, with a greater id, in the order of their ids.

        Who reads on from the last id it saw misses none: ids become visible in their order.
        """
        query = COLUMNS.where(TABLE.c.id > after_id).order_by(TABLE.c.id).limit(limit)
        if run_ids:
            query = query.where(TABLE.c.run_id.in_(run_ids))
        return await self._rows(query)

    async def ids_since(self, after_id: int, *, limit: int = AT_ONCE) -> Sequence[int]:
        """The ids of events of all runs that are greater than this one, in their order."""
        return (await self._session.scalars(
            select(TABLE.c.id).where(TABLE.c.id > after_id).order_by(TABLE.c.id).limit(limit))).all()

    async def newest_id(self) -> int:
        """The greatest id in the log, 0 where it is empty."""
        return await self._session.scalar(select(TABLE.c.id).order_by(TABLE.c.id.desc()).limit(1)) or 0

    async def by_key(self, run_id: str, keys: Collection[str]) -> dict[str, StoredEvent]:
        """The events of a run that have these keys."""
        segments = await self._segments(run_id, inherited=True)
        found = await self._rows(COLUMNS.where(belonging(segments), TABLE.c.key.in_(keys)))
        return {event.key: event for event in as_edited(found, segments)}

    async def _rows(self, query: Select[Any]) -> list[StoredEvent]:
        return [StoredEvent(*row) for row in await self._session.execute(query)]

    async def _segments(self, run_id: str, *, inherited: bool) -> Sequence[Segment]:
        return await lineage(self._session, run_id) if inherited else (Segment(run_id, None),)

    async def _after(self, run_id: str, after_id: int) -> ColumnElement[bool]:
        """The condition for events after an id, with the run's numbers, for which there is an index."""
        seq = await self._session.scalar(select(TABLE.c.seq).where(TABLE.c.id == after_id, TABLE.c.run_id == run_id))
        return TABLE.c.id > after_id if seq is None else TABLE.c.seq > seq


def belonging(segments: Sequence[Segment]) -> ColumnElement[bool]:
    """The condition for events that belong to a run and its shared past."""
    parts: list[ColumnElement[bool]] = []
    for index, segment in enumerate(segments):
        own = TABLE.c.run_id == segment.run_id
        rules = [rule for later in segments[index + 1:] for rule in later.left_out]
        parts.append(own if segment is segments[-1] else and_(
            own, TABLE.c.turn <= segment.upto_turn, TABLE.c.kind.not_in(NOT_INHERITED),
            *without(
                rules, TABLE.c.kind, func.coalesce(TABLE.c.source, ""), TABLE.c.turn,
                TABLE.c.payload["measure"].as_string())))
    return or_(*parts)


def as_edited(events: list[StoredEvent], segments: Sequence[Segment]) -> list[StoredEvent]:
    """The events as the last of these runs has them: what a fork made them say instead."""
    texts = dict(segment.edited for segment in segments if segment.edited)
    if not texts:
        return events
    return [replace(event, payload={**event.payload, "text": texts[event.key]}) if event.key in texts else event
            for event in events]


def _heard(role: str) -> ColumnElement[bool]:
    """The rule of ``pyscrai.audience.heard`` as SQL."""
    audience = type_coerce(TABLE.c.audience, Text)
    return or_(audience == "all", and_(TABLE.c.source == role, TABLE.c.kind.in_(ACTS)),
               audience.contains(f",{role},", autoescape=True))


def _conditions(after_seq: int | None, before_seq: int | None, from_turn: int | None, to_turn: int | None
                ) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if after_seq is not None:
        found.append(TABLE.c.seq > after_seq)
    if before_seq is not None:
        found.append(TABLE.c.seq < before_seq)
    if from_turn is not None:
        found.append(TABLE.c.turn >= from_turn)
    if to_turn is not None:
        found.append(TABLE.c.turn <= to_turn)
    return found
