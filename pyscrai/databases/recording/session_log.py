"""Events and calls written within a session: in one transaction with whatever else the session does.

For what comes from outside of a run's play, a few rows at a time. Turns are written by the record writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.call_row import entry
from pyscrai.databases.columns import Instant, now
from pyscrai.databases.entry import event_entry
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import CallRow, EventRow, RunRow, TextRow, table_of
from pyscrai.databases.text_ids import digest
from pyscrai.engines.ports.record import CallRecord
from pyscrai.errors import no_run
from pyscrai.events import Event, RunCompleted, RunFailed
from pyscrai.lifecycle import BRINGS, ENDED
from pyscrai.plain_text import storable


class SessionLog:
    """The log and the journal of runs, as one transaction writes to them. Who plays the run does not matter.

    The transaction must have begun with the dialect's ``order_events``.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, run_id: str, events: Sequence[Event], calls: Sequence[CallRecord] = ()) -> list[StoredEvent]:
        """Write new events and calls of a run; the events as the log holds them.

        Raises:
            NotFound: there is no such run.
        """
        moment = now()
        last = await self._session.scalar(
            update(RunRow).where(RunRow.id == run_id).values(last_seq=RunRow.last_seq + len(events), updated_at=moment)
            .returning(RunRow.last_seq), execution_options={"synchronize_session": False})
        if last is None:
            raise no_run(run_id)
        for call in calls:
            await self._call(run_id, call, moment)
        stored = []
        for seq, event in enumerate(events, start=last - len(events) + 1):
            item = event_entry(event)
            number = await self._session.scalar(insert(EventRow).values(
                run_id=run_id, seq=seq, key=event.key, kind=event.kind, turn=event.turn, phase=event.phase,
                source=event.source, audience=event.audience, payload=item.payload, created_at=moment)
                .returning(EventRow.id))
            assert number is not None
            await self._change_status(run_id, event, moment)
            stored.append(item.stored(number, run_id, seq, moment))
        return stored

    async def _change_status(self, run_id: str, event: Event, moment: datetime) -> None:
        if (status := BRINGS.get(event.kind)) is None:
            return
        values: dict[str, Any] = {
            "status": status, "ended_at": moment if status in ENDED else None,
            "outcome": event.outcome if isinstance(event, RunCompleted) else None,
            "error": event.error if isinstance(event, RunFailed) else None}
        if status == "running":
            values["started_at"] = func.coalesce(RunRow.started_at, moment)
        await self._session.execute(update(RunRow).where(RunRow.id == run_id).values(values),
                                    execution_options={"synchronize_session": False})

    async def _call(self, run_id: str, call: CallRecord, moment: datetime) -> None:
        made = entry(call, moment)
        ids = {content: await self._text(content) for content in made.texts()}
        names = [column.name for column in table_of(CallRow).columns if column.name != "id"]
        values: Mapping[str, Any] = dict(zip(names, made.row(run_id, ids, moment), strict=True))
        columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
        # What is JSON in the row is text already.
        await self._session.execute(text(f"INSERT INTO llm_calls ({columns}) VALUES ({marks})").bindparams(
            bindparam("created_at", type_=Instant)), values)

    async def _text(self, content: str) -> int:
        key = digest(content)
        await self._session.execute(
            text("INSERT INTO llm_messages (hash, content) VALUES (:hash, :content) ON CONFLICT (hash) DO NOTHING"),
            {"hash": key, "content": storable(content)})
        number = await self._session.scalar(select(TextRow.id).where(TextRow.hash == key))
        assert number is not None
        return number
