"""Writes entries to PostgreSQL: one connection, one transaction for all that wait, two round trips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, cast

from psycopg.errors import UniqueViolation

from pyscrai.databases.dialects.many_rows import Statement, inserts, joined
from pyscrai.databases.dialects.postgres_server import ORDER_LOCK
from pyscrai.databases.dialects.server_pipeline import ServerPipeline, StatementAnswer
from pyscrai.databases.dialects.socket_guard import SocketGuard
from pyscrai.databases.entry import EventEntry, RecordEntry, Written, status_change
from pyscrai.databases.statements import PLACE, REPLY, Statements
from pyscrai.databases.text_ids import KnownTexts, digest
from pyscrai.lifecycle import Desired
from pyscrai.plain_text import storable

LIMITS = ("SET lock_timeout = '15s'; SET statement_timeout = '20s';"
          " SET idle_in_transaction_session_timeout = '10s'")
"""How long the server itself lets a transaction of ours hold others up: a process that is suspended in the middle of
one would otherwise stop the events of all."""

ORDER = f"SELECT pg_advisory_xact_lock({ORDER_LOCK})"
FIND_EVENTS = ("SELECT e.run_id, e.key, e.id, e.seq FROM events e"
               " JOIN unnest(%s::text[], %s::text[]) AS w (run_id, key) ON e.run_id = w.run_id AND e.key = w.key")
FIND_TEXTS = "SELECT encode(hash, 'hex'), id FROM llm_messages WHERE hash = ANY(%s)"

Row = tuple[Any, ...]
Known = dict[tuple[str, str], tuple[int, str, int]]
"""Events that are in the log already: run and key to id, run and seq."""
Owned = tuple[RecordEntry, list[EventEntry], tuple[int, Desired, int]]
"""An entry of a run that is still ours, its new events, and the run's last number, desired state and commands."""


class PostgresSink:
    """A ``Sink`` for a PostgreSQL database."""

    def __init__(self, dsn: str, *, timeout: float) -> None:
        self._dsn = dsn
        self._server: ServerPipeline | None = None
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
        server = self._server = self._server or ServerPipeline(self._dsn, LIMITS)
        try:
            with self._guard.exchange():
                fresh, results = self._batch(server, entries, look=look, again=again)
        except BaseException:
            # A pipeline that broke leaves little to trust: a new connection is cheap and rare.
            self._hang_up()
            raise
        self._texts.learn(fresh)
        return results

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _descriptor(self) -> int | None:
        return None if (server := self._server) is None else server.descriptor()

    def _batch(self, server: ServerPipeline, entries: list[RecordEntry], *, look: bool, again: bool
               ) -> tuple[dict[str, int], list[Written | None]]:
        # BEGIN says that the transaction goes on after this exchange, and lets the server's own limits hold meanwhile.
        server.send("BEGIN")
        known = self._known(server, entries, look=look)
        claims = []
        for entry, new in zip(entries, _new(entries, known), strict=True):
            claims.append((entry, new, self._claim(server, entry, len(new))))
        ids: dict[str, int] = {}
        missing = self._texts.look_up((text for entry in entries for call in entry.calls for text in call.texts()), ids)
        fresh = self._store(server, missing)
        ids.update(fresh)
        owned = [(entry, new, _claimed(claim)) if claim.rows else None for entry, new, claim in claims]
        return fresh, self._rest(server, owned, ids, known, again=again)

    def _known(self, server: ServerPipeline, entries: list[RecordEntry], *, look: bool) -> Known:
        wanted = [(entry.run_id, item.event.key) for entry in entries for item in entry.events]
        if not wanted:
            return {}
        server.send(ORDER)
        if not look:
            return {}
        found = server.send(FIND_EVENTS, ([run for run, _ in wanted], [key for _, key in wanted]))
        server.exchange()
        return {(_str(run), _str(key)): (_int(number), _str(run), _int(seq)) for run, key, number, seq in found.rows}

    def _claim(self, server: ServerPipeline, entry: RecordEntry, more: int) -> StatementAnswer:
        tail = (more, entry.moment, entry.run_id, entry.fence)
        if (at := entry.progress) is None:
            return server.send(self._sql.touch, tail)
        return server.send(self._sql.advance, (at.turn, at.phase, at.speakers, at.variables, at.usage, *tail))

    def _store(self, server: ServerPipeline, texts: Iterable[str]) -> dict[str, int]:
        """Exchange what was sent so far, and store texts with it; their ids."""
        missing = {text: digest(text) for text in texts}
        if not missing:
            server.exchange()
            return {}
        # In the order of their hashes, so that two processes that store the same texts do not wait for each other.
        rows = sorted((key, storable(text)) for text, key in missing.items())
        for sql, parameters in inserts(self._sql.insert_text, rows):
            server.send(sql, parameters)
        found = server.send(FIND_TEXTS, ([key for key, _ in rows],))
        server.exchange()
        numbers = {bytes.fromhex(_str(key)): _int(number) for key, number in found.rows}
        return {text: numbers[key] for text, key in missing.items()}

    def _rest(self, server: ServerPipeline, owned: list[Owned | None], ids: dict[str, int], known: Known, *,
              again: bool) -> list[Written | None]:
        calls: dict[Row, Row] = {}
        events: list[Row] = []
        measurements: list[Row] = []
        state: list[Statement] = []
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
                    server.send(self._sql.status, change.row(entry.run_id, entry.moment))
            for write in entry.state:
                write(state)
        written = [server.send(sql, parameters)
                   for sql, parameters in inserts(self._sql.insert_event + " RETURNING id", events)]
        for sql, parameters in (*inserts(self._sql.insert_call, list(calls.values())),
                                *inserts(self._sql.insert_measurement, measurements), *joined(state)):
            server.send(sql, parameters)
        server.send("COMMIT")
        server.exchange()
        numbers = (_int(number) for answer in written for (number,) in answer.rows)
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


def _new(entries: Iterable[RecordEntry], known: Known) -> Iterator[list[EventEntry]]:
    """The events of each entry that are not in the log, each once."""
    mine: set[tuple[str, int, str]] = set()
    for entry in entries:
        new = [item for item in entry.events if (entry.run_id, item.event.key) not in known
               and (entry.run_id, entry.fence, item.event.key) not in mine]
        mine.update((entry.run_id, entry.fence, item.event.key) for item in new)
        yield new


def _claimed(claim: StatementAnswer) -> tuple[int, Desired, int]:
    last, desired, waiting = claim.rows[0]
    return _int(last), cast(Desired, _str(desired)), _int(waiting)


def _str(value: bytes | None) -> str:
    assert value is not None
    return value.decode()


def _int(value: bytes | None) -> int:
    assert value is not None
    return int(value)
