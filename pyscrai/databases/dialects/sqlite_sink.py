"""Writes entries to SQLite: one connection, one transaction for all that wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime

from pyscrai.databases.columns import EPOCH, MILLISECOND
from pyscrai.databases.dialects.sqlite_file import SqliteFile
from pyscrai.databases.entry import RecordEntry, Written, status_change
from pyscrai.databases.statements import Statements
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.text_ids import KnownTexts, digest
from pyscrai.plain_text import storable


class SqliteSink:
    """A ``Sink`` for a SQLite file."""

    def __init__(self, dialect: SqliteFile) -> None:
        self._dialect = dialect
        self._connection: sqlite3.Connection | None = None
        self._sql = Statements("?")
        self._texts = KnownTexts()

    def write(self, entries: list[RecordEntry], *, again: bool) -> list[Written | None]:
        if not again:
            # The first try does not look for events that are in the log already: they are rare, of a run after a crash.
            with suppress(sqlite3.IntegrityError):
                return self._try(entries, look=False, again=False)
        return self._try(entries, look=True, again=again)

    def _try(self, entries: list[RecordEntry], *, look: bool, again: bool) -> list[Written | None]:
        connection = self._connection or self._open()
        fresh: dict[str, int] = {}
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                results = [self._entry(cursor, entry, fresh, look=look, again=again) for entry in entries]
                cursor.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection, error)
            raise
        self._texts.learn(fresh)
        return results

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _roll_back(self, connection: sqlite3.Connection, error: BaseException) -> None:
        with suppress(sqlite3.Error):
            connection.rollback()
        if (isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError)
                and "locked" not in str(error)):
            # The disk or the file is not as it was: look at it afresh next time.
            with suppress(sqlite3.Error):
                self.close()

    def _open(self) -> sqlite3.Connection:
        self._connection = self._dialect.connect()
        return self._connection

    def _entry(self, cursor: sqlite3.Cursor, entry: RecordEntry, fresh: dict[str, int], *, look: bool, again: bool
               ) -> Written | None:
        known = self._known(cursor, entry) if look else {}
        new = [event for event in entry.events if event.event.key not in known]
        moment = _instant(entry.moment)
        tail = (len(new), moment, entry.run_id, entry.fence)
        if (at := entry.progress) is not None:
            found = cursor.execute(self._sql.advance, (at.turn, at.phase, at.speakers, at.variables, at.usage, *tail))
        else:
            found = cursor.execute(self._sql.touch, tail)
        row = found.fetchall()
        if not row:
            return None
        last, desired, waiting = row[0]
        for call in entry.calls:
            ids = self._ids(cursor, call.texts(), fresh)
            cursor.execute(self._sql.insert_call, call.row(entry.run_id, ids, _instant(call.made)))
        events: list[StoredEvent] = []
        for seq, item in enumerate(new, start=last - len(new) + 1):
            event = item.event
            cursor.execute(self._sql.insert_event, (entry.run_id, seq, event.key, event.kind, event.turn, event.phase,
                                                    event.source, item.audience, item.payload_json, moment))
            assert cursor.lastrowid is not None
            events.append(item.stored(cursor.lastrowid, entry.run_id, seq, entry.moment))
            if (measurement := item.measurement(entry.run_id, seq)) is not None:
                cursor.execute(self._sql.insert_measurement, measurement)
            if (change := status_change(event)) is not None:
                cursor.execute(self._sql.status, change.row(entry.run_id, moment))
        for write in entry.state:
            write(cursor.connection)
        if again:
            earlier = [item.stored(*known[item.event.key], entry.moment) for item in entry.events
                       if item.event.key in known]
            events = [*earlier, *events]
        return Written(tuple(events), desired, waiting)

    def _known(self, cursor: sqlite3.Cursor, entry: RecordEntry) -> dict[str, tuple[int, str, int]]:
        """The events of the entry that are in the log already: key to id, run and seq."""
        if not entry.events:
            return {}
        marks = ", ".join("?" * len(entry.events))
        rows = cursor.execute(f"SELECT key, id, seq FROM events WHERE run_id = ? AND key IN ({marks})",
                              (entry.run_id, *(item.event.key for item in entry.events)))
        return {key: (number, entry.run_id, seq) for key, number, seq in rows.fetchall()}

    def _ids(self, cursor: sqlite3.Cursor, texts: Iterable[str], fresh: dict[str, int]) -> dict[str, int]:
        ids: dict[str, int] = {}
        for text in self._texts.look_up(texts, ids):
            number = fresh.get(text)
            if number is None:
                key = digest(text)
                cursor.execute(self._sql.insert_text, (key, storable(text)))
                if cursor.rowcount == 1 and cursor.lastrowid is not None:
                    number = cursor.lastrowid
                else:
                    number = cursor.execute("SELECT id FROM llm_messages WHERE hash = ?", (key,)).fetchall()[0][0]
                fresh[text] = number
            ids[text] = number
        return ids


def _instant(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND

