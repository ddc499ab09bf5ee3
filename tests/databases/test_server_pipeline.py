"""Statements that go to PostgreSQL together: their values, their transactions and their errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from pyscrai.databases.dialects import server_pipeline
from pyscrai.databases.dialects.postgres import PostgresDialect
from pyscrai.databases.dialects.server_pipeline import ServerPipeline, encoded, numbered


@pytest.fixture
def dsn(make_url: Any) -> str:
    from sqlalchemy import make_url as parsed

    return PostgresDialect(parsed(make_url("postgres"))).dsn


@pytest.fixture
def server(dsn: str) -> Iterator[ServerPipeline]:
    pipeline = ServerPipeline(dsn, "CREATE TABLE kept (number integer PRIMARY KEY, content text)")
    yield pipeline
    pipeline.close()


def asked(server: ServerPipeline, sql: str, *values: Any) -> Any:
    answer = server.send(sql, values)
    server.exchange()
    return answer.rows


MOMENT = datetime(2026, 11, 26, 19, 28, 50, 95_000, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "value", "found"), [
    ("text", "", b""), ("text", "é \\ ' \" \n %s $1", "é \\ ' \" \n %s $1".encode()), ("text", None, None),
    ("integer", -12, b"-12"), ("bigint", 2**62, b"%d" % 2**62), ("boolean", True, b"t"), ("boolean", False, b"f"),
    ("double precision", 0.1, b"0.1"), ("double precision", float("inf"), b"Infinity"),
    ("double precision", 1e-300, b"1e-300"), ("bytea", b"\x00\xff'", b"\\x00ff27"), ("bytea", b"", b"\\x"),
    ("text[]", ["a", 'b"\\,{}', "NULL", ""], b'{a,"b\\"\\\\,{}","NULL",""}'), ("bytea[]", [b"\x00"], b'{"\\\\x00"}'),
    ("json", '{"b":1, "a":"\\u00e9"}', b'{"b":1, "a":"\\u00e9"}'), ("jsonb", '{"b":1}', b'{"b": 1}'),
    ("timestamptz = '2026-11-26 19:28:50.095Z'", MOMENT, b"t"),
    ("timestamptz = '2026-11-26 19:28:50.095Z'", MOMENT.astimezone(timezone(timedelta(hours=-3))), b"t"),
])
def test_values_arrive_as_they_are(server: ServerPipeline, kind: str, value: Any, found: bytes | None) -> None:
    for _ in range(3):  # plain, while it is prepared, and prepared
        assert asked(server, f"SELECT %s::{kind}", value) == [(found,)]


@pytest.mark.parametrize("value", ["a\0b", ["\0"], "\ud800", {"a": 1}, object()])
def test_a_value_that_cannot_be_sent_is_refused(value: Any) -> None:
    with pytest.raises((psycopg.Error, UnicodeEncodeError)):
        encoded([value])


def test_marks_are_numbered() -> None:
    assert numbered("VALUES (%s, %s), (%s, now())") == b"VALUES ($1, $2), ($3, now())"


def test_statements_of_an_exchange_are_one_transaction(server: ServerPipeline, dsn: str) -> None:
    insert = "INSERT INTO kept VALUES (%s, %s)"
    for number in (1, 2, 3):
        server.send(insert, (number, "a"))
    rows = server.send("SELECT number, content FROM kept ORDER BY 1")
    server.exchange()
    assert rows.rows == [(b"1", b"a"), (b"2", b"a"), (b"3", b"a")]
    server.send(insert, (4, "b"))
    server.send(insert, (1, "b"))
    server.send(insert, (5, "b"))
    with pytest.raises(psycopg.errors.UniqueViolation, match="kept_pkey"):
        server.exchange()
    with psycopg.connect(dsn) as other:
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (3,)


def test_a_transaction_may_have_several_exchanges(server: ServerPipeline, dsn: str) -> None:
    server.send("BEGIN")
    [(number,)] = asked(server, "INSERT INTO kept VALUES (1, 'a') RETURNING number")
    with psycopg.connect(dsn) as other:
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        other.rollback()
        server.send("INSERT INTO kept VALUES (%s, 'b')", (int(number) + 1,))
        server.send("COMMIT")
        server.exchange()
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_an_error_at_the_end_of_a_transaction_is_raised(dsn: str) -> None:
    server = ServerPipeline(dsn, "CREATE TABLE late (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    server.send("INSERT INTO late VALUES (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        server.exchange()
    server.close()


def test_much_goes_both_ways_at_once(server: ServerPipeline) -> None:
    """Neither side waits for the other to take what it sends."""
    text = "x" * 200_000
    answers = [server.send("SELECT %s::text || %s::text", (text, str(number))) for number in range(100)]
    server.exchange()
    assert [answer.rows for answer in answers] == [[(f"{text}{number}".encode(),)] for number in range(100)]


def test_more_statements_than_are_prepared(server: ServerPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_pipeline, "MOST_PREPARED", 3)
    for _ in range(3):
        for number in range(6):
            assert asked(server, f"SELECT {number} + %s", 1) == [(b"%d" % (number + 1),)]
    assert asked(server, "SELECT count(*) FROM pg_prepared_statements") == [(b"3",)]


def test_a_server_that_hangs_up_is_an_error_of_the_connection(server: ServerPipeline, dsn: str) -> None:
    asked(server, "SELECT 1")
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE pid <> pg_backend_pid() AND datname = current_database()")
    with pytest.raises(psycopg.OperationalError):
        asked(server, "SELECT 1")
    server.close()
    assert server.descriptor() is None
