from __future__ import annotations

import asyncio
import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from pyscrai.databases import experiment_tables as experiment_tables
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.databases.dialects.sqlite import is_read_only
from pyscrai.databases.experiment_tables import ExperimentRow
from pyscrai.databases.fleet_tables import WorkerRow
from pyscrai.databases.migrations.migrate import SAVER_TABLES, configuration
from pyscrai.databases.migrations.revision import REVISION
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.tables import Base
from pyscrai.errors import NotFound, StorageError, WrongState
from tests.databases.conftest import Stage, utterance

assert {ExperimentRow.__table__, WorkerRow.__table__} <= set(Base.metadata.sorted_tables)


def differences(connection: Connection) -> Any:
    context = MigrationContext.configure(connection, opts={
        "include_object": lambda item, name, kind, reflected, compared: not (kind == "table" and name in SAVER_TABLES),
        "compare_type": True,
    })
    return compare_metadata(context, Base.metadata)


async def test_the_migrated_schema_is_the_one_that_the_tables_declare(empty_url: str) -> None:
    async with Database(empty_url) as database:
        await database.prepare()
        checkpoints = Checkpoints(database)
        await checkpoints.prepare()
        await checkpoints.close()
        async with database.session() as session:
            assert await (await session.connection()).run_sync(differences) == []


async def test_preparing_twice_changes_nothing(empty_url: str) -> None:
    async with Database(empty_url) as database:
        assert await database.revision() is None if "sqlite" not in empty_url else True
        await database.prepare()
        await database.prepare()
        assert await database.revision() == REVISION


def test_the_revision_is_alembics_head() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == REVISION


FIRST_USE = """
import asyncio, sys
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database

async def main():
    async with Database(sys.argv[1]) as database:
        print("ready", flush=True)
        sys.stdin.read(1)
        await database.prepare()
        checkpoints = Checkpoints(database)
        await checkpoints.prepare()
        await checkpoints.close()
        print(await database.revision())

asyncio.run(main())
"""


async def test_two_processes_may_use_a_new_database_at_the_same_moment(empty_url: str) -> None:
    processes = [await asyncio.create_subprocess_exec(
        sys.executable, "-c", FIRST_USE, empty_url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    ends = await asyncio.gather(*(process.communicate(b"g") for process in processes))
    assert [(out.strip(), err) for out, err in ends] == [(REVISION.encode(), b"")] * 3


async def test_a_newer_database_is_refused_with_a_cure(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer one made it") as caught:
        await database.prepare()
    assert caught.value.code == "storage.newer"
    assert caught.value.cure


async def test_a_database_without_tables_says_what_to_run(empty_url: str) -> None:
    async with Database(empty_url) as database:
        if database.path:
            database.path.parent.mkdir(parents=True)
        with pytest.raises(StorageError, match="pyscrai db upgrade"):
            async with database.read() as session:
                await session.execute(text("SELECT * FROM scenario_runs"))


async def test_an_unreachable_server_is_a_storage_error_without_the_password() -> None:
    async with Database("postgresql+psycopg://me:hunter2@127.0.0.1:1/none?connect_timeout=2") as database:
        with pytest.raises(StorageError) as caught:
            await database.prepare()
    assert caught.value.code == "storage.unreachable"
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(database)


async def test_a_path_that_cannot_be_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am no folder")
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/file/pyscrai.db") as database:
        with pytest.raises(StorageError, match="PYSCRAI_DATABASE_URL"):
            await database.prepare()


async def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear reader, " * 1000)
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/letter.txt") as database:
        with pytest.raises(StorageError, match="no SQLite database") as caught:
            await database.prepare()
    assert caught.value.code == "storage.damaged"


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
def test_urls_of_no_use_are_refused(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        Database(url)
    assert caught.value.code == "storage.url"
    assert caught.value.cure


async def test_what_fails_leaves_nothing_behind(database: Database) -> None:
    async def fail() -> None:
        async with database.session() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = 'x'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await database.revision() == REVISION


async def test_sqlite_connections_are_set_up(sqlite_database: Database) -> None:
    async with sqlite_database.read() as session:
        found = [(await session.execute(text(f"PRAGMA {name}"))).scalar()
                 for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys", "wal_autocheckpoint")]
    assert found == ["wal", 10000, 1, 1, 4000]


async def test_sqlite_writers_take_turns(sqlite_database: Database) -> None:
    async def read_then_write(number: int) -> None:
        async with sqlite_database.session() as session:
            await session.execute(text("SELECT * FROM alembic_version"))
            await session.execute(text("INSERT INTO api_keys (name, hash, scopes, created_at) VALUES (:n, :n, '[]', 0)"
                                       ), {"n": str(number)})

    await asyncio.gather(*(read_then_write(number) for number in range(12)))
    async with sqlite_database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM api_keys"))).scalar() == 12


async def test_another_programs_lock_is_waited_for_by_readers_not_at_all(sqlite_database: Database) -> None:
    async with sqlite_database.session() as writing:
        await writing.execute(text("DELETE FROM api_keys"))
        async with asyncio.timeout(5), sqlite_database.read() as session:
            await session.execute(text("SELECT * FROM api_keys"))


async def test_a_file_that_cannot_be_written_to_is_read(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sqlite_stage.database.path
    assert path is not None
    record = await sqlite_stage.record()
    await record.commit([utterance(1)])
    await sqlite_stage.writer.close()
    await sqlite_stage.database.close()
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    really_open = os.open

    def refused(file: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags == os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return really_open(file, flags, *more, **options)

    is_read_only.cache_clear()  # as a new process would
    monkeypatch.setattr(os, "open", refused)  # the tests may be run by root, whom no file refuses
    async with Database(f"sqlite+aiosqlite:///{path}") as database:
        await database.prepare()
        async with database.read() as session:
            assert [event.seq for event in await Events(session).read(record.run_id)] == [1]
        checkpoints = Checkpoints(database)
        assert await (await checkpoints.saver()).aget_tuple({"configurable": {"thread_id": record.run_id}}) is None
        await checkpoints.close()
        with pytest.raises(StorageError) as caught:
            async with database.session() as session:
                await session.execute(text("DELETE FROM events"))
        assert caught.value.code == "storage.readonly"
        assert not caught.value.passes
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    is_read_only.cache_clear()


async def test_another_process_that_looks_and_leaves_takes_nothing_away(sqlite_database: Database) -> None:
    """The log beside the file belongs to whoever has it open: a process that closes it must find it locked."""
    path = sqlite_database.path
    assert path is not None
    async with sqlite_database.read() as session:
        await session.execute(text("SELECT count(*) FROM api_keys"))
    async with Database(str(sqlite_database.dialect.url)) as again, again.session() as session:
        await session.execute(text("DELETE FROM api_keys"))
    log = path.with_name(f"{path.name}-wal")
    before = log.stat().st_ino
    look = (f"import sqlite3; connection = sqlite3.connect({str(path)!r}); "
            "connection.execute('SELECT * FROM api_keys').fetchall(); connection.close()")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", look)
    assert await process.wait() == 0
    assert log.exists(), "the other process took the log away"
    assert log.stat().st_ino == before


@pytest.mark.parametrize("error", [
    BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.ENOSPC, "No space left on device"),
    NotFound("there are no runs with the tag cup is full"), WrongState("the door is locked")])
async def test_what_else_goes_wrong_while_somebody_reads_or_writes_is_not_the_databases(
        database: Database, error: Exception) -> None:
    """It is neither full nor locked where a pipe is closed, the disk of another file is full, or a tag is called so."""
    for opened in (database.read, database.session):
        with pytest.raises(type(error)) as failed:
            async with opened() as session:
                await session.execute(text("SELECT 1"))
                raise error
        assert failed.value is error


def test_a_database_shows_its_path_or_url_only() -> None:
    assert str(Database("sqlite+aiosqlite:////var/x.db")) == "/var/x.db"
    shown = str(Database("postgresql+psycopg://me:secret@host/name"))
    assert shown == "postgresql+psycopg://me:***@host/name"
    assert make_url(shown).host == "host"
