"""Writes entries to PostgreSQL: one connection, one transaction for all that wait, two round trips."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from psycopg.errors import UniqueViolation

from pyscrai.databases.dialects.many_rows import inserts
from pyscrai.databases.dialects.postgres_server import ORDER_LOCK
from pyscrai.databases.dialects.socket_guard import SocketGuard
from pyscrai.databases.entry import EventEntry, RecordEntry, Written, status_change
from pyscrai.databases.statements import PLACE, REPLY, Statements
from pyscrai.databases.text_ids import KnownTexts, digest
from pyscrai.plain_text import storable

LIMITS = ("SET lock_timeout = '15s'; SET statement_timeout = '20s';"
          " SET idle_in_transaction_session_timeout = '10s'")
"""How long the server itself lets a transaction of ours hold others up: a process that is suspended in the middle of
one would otherwise stop the events of all."""

FIND_EVENTS = ("SELECT e.run_id, e.key, e.id, e.seq FROM events e"
               " JOIN unnest(%s::text[], %s::text[]) AS w (run_id, key) ON e.run_id = w.run_id AND e.key = w.key")
FIND_TEXTS = "SELECT hash, id FROM llm_messages WHERE hash = ANY(%s)"

Row = tuple[Any, ...]


class PostgresSink:
    """A ``Sink`` for a PostgreSQL database."""

    def __init__(self, dsn: str, *, timeout: float) -> None:
        self._dsn = dsn
        self._connection: Connection[Row] | None = None
        self._guard = SocketGuard(self._descriptor, timeout)
        self._sql = Statements("%s")
        self._texts = KnownTexts()

    def write(self, entries: list[RecordEntry], *, again: bool) -> list[Written | None]:
        if not again:
            # An event that is in the log already is rare: a run that goes on after a crash. So the first try does not
            # ask for it, which saves a round trip.
            with suppress(UniqueViolation):
                return self._try(entries, look=False, again=False)
        return self._try(entries, look=True, again=again)

    def close(self) -> None:
        self._guard.close()
        self._hang_up()

    def _try(self, entries: list[RecordEntry], *, look: bool, again: bool) -> list[Written | None]:
        connection = self._connection or self._open()
        try:
            with self._guard.exchange(), connection.pipeline():
                connection.execute("BEGIN")
                fresh, results = self._batch(connection, entries, look=look, again=again)
                # Executed and not `connection.commit()`, which waits for the server's answer while a part of a large
                # record is not sent yet: leaving the pipeline sends all of it first.
                connection.execute("COMMIT")
        except BaseException:
            # A pipeline that broke leaves little to trust: a new connection is cheap and rare.
            self._hang_up()
            raise
        self._texts.learn(fresh)
        return results

    def _open(self) -> Connection[Row]:
        connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=1)
        connection.execute(LIMITS)
        self._connection = connection
        return connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _descriptor(self) -> int | None:
        connection = self._connection
        return None if connection is None or connection.closed else connection.fileno()

    def _batch(self, connection: Connection[Row], entries: list[RecordEntry], *, look: bool, again: bool
               ) -> tuple[dict[str, int], list[Written | None]]:
        wanted = [(entry.run_id, item.event.key) for entry in entries for item in entry.events]
        known: dict[tuple[str, str], tuple[int, str, int]] = {}
        if wanted:
            connection.execute(f"SELECT pg_advisory_xact_lock({ORDER_LOCK})")
        if wanted and look:
            found = connection.execute(FIND_EVENTS, ([run for run, _ in wanted], [key for _, key in wanted])).fetchall()
            known = {(run, key): (number, run, seq) for run, key, number, seq in found}
        claims = []
        mine: set[tuple[str, int, str]] = set()
        for entry in entries:
            new = [item for item in entry.events if (entry.run_id, item.event.key) not in known
                   and (entry.run_id, entry.fence, item.event.key) not in mine]
            mine.update((entry.run_id, entry.fence, item.event.key) for item in new)
            claims.append((entry, new, self._claim(connection, entry, len(new))))
        ids: dict[str, int] = {}
        fresh = self._store(connection, [text for entry in entries for call in entry.calls for text in call.texts()],
                            ids)
        owned: list[tuple[RecordEntry, list[EventEntry], Row] | None] = []
        for entry, new, claim in claims:
            row = claim.fetchone()
            owned.append((entry, new, row) if row else None)
        return fresh, self._rest(connection, owned, ids, known, again=again)

    def _rest(self, connection: Connection[Row], owned: list[tuple[RecordEntry, list[EventEntry], Row] | None],
              ids: dict[str, int], known: dict[tuple[str, str], tuple[int, str, int]], *, again: bool
              ) -> list[Written | None]:
        calls: dict[Row, Row] = {}
        events: list[Row] = []
        measurements: list[Row] = []
        for item in owned:
            if item is None:
                continue
            entry, new, (last, _, _) = item
            for call in entry.calls:
                row = call.row(entry.run_id, ids, call.made)
                # A call that was handed over twice is written once: the first answer stays, as it does in the table.
                if (there := calls.get(row[:len(PLACE)])) is None or there[REPLY] is None:
                    calls[row[:len(PLACE)]] = row
            for seq, one in enumerate(new, start=last - len(new) + 1):
                event = one.event
                events.append((entry.run_id, seq, event.key, event.kind, event.turn, event.phase, event.source,
                               one.audience, one.payload_json, entry.moment))
                if (measurement := one.measurement(entry.run_id, seq)) is not None:
                    measurements.append(measurement)
                if (change := status_change(event)) is not None:
                    connection.execute(self._sql.status, change.row(entry.run_id, entry.moment))
        numbers = iter(self._insert_events(connection, events))
        for sql, parameters in (*inserts(self._sql.insert_call, list(calls.values())),
                                *inserts(self._sql.insert_measurement, measurements)):
            connection.execute(sql, parameters)
        results: list[Written | None] = []
        for item in owned:
            if item is None:
                results.append(None)
                continue
            entry, new, (last, desired, waiting) = item
            stored = [one.stored(next(numbers), entry.run_id, seq, entry.moment)
                      for seq, one in enumerate(new, start=last - len(new) + 1)]
            if again:
                stored = [*(one.stored(*there, entry.moment) for one in entry.events
                            if (there := known.get((entry.run_id, one.event.key)))), *stored]
            results.append(Written(tuple(stored), desired, waiting))
        return results

    def _claim(self, connection: Connection[Row], entry: RecordEntry, more: int) -> Cursor[Row]:
        tail = (more, entry.moment, entry.run_id, entry.fence)
        if (at := entry.progress) is None:
            return connection.execute(self._sql.touch, tail)
        return connection.execute(self._sql.advance, (at.turn, at.phase, at.speakers, at.variables, at.usage, *tail))

    def _insert_events(self, connection: Connection[Row], rows: list[Row]) -> list[int]:
        if not rows:
            return []
        cursors = [connection.execute(sql, parameters)
                   for sql, parameters in inserts(self._sql.insert_event + " RETURNING id", rows)]
        return [number for cursor in cursors for (number,) in cursor.fetchall()]

    def _store(self, connection: Connection[Row], texts: Iterable[str], ids: dict[str, int]) -> dict[str, int]:
        """Store the texts that are not known; adds the ids of all to ``ids``."""
        missing = {text: digest(text) for text in self._texts.look_up(texts, ids)}
        if not missing:
            return {}
        # In the order of their hashes, so that two processes that store the same texts do not wait for each other.
        rows = sorted((key, storable(text)) for text, key in missing.items())
        for sql, parameters in inserts(self._sql.insert_text, rows):
            connection.execute(sql, parameters)
        found = connection.execute(FIND_TEXTS, ([key for key, _ in rows],))
        numbers = {bytes(key): number for key, number in found.fetchall()}
        fresh = {text: numbers[key] for text, key in missing.items()}
        ids.update(fresh)
        return fresh
