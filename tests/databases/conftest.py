"""A writer, and runs to write to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from pyscrai.databases.database import Database
from pyscrai.databases.recording.run_inbox import RunInbox
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.leases import Leases
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.runs import Fork, NewMember, NewRunRow, Runs
from pyscrai.databases.repositories.stored_runs import StoredRun, read_runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.ports.model import Message, ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import Attempt, CallKey, CallRecord, Progress
from pyscrai.events import Utterance

CAST = tuple(NewMember(role, role.title(), "actor", "hash", {"role": role}) for role in ("mayor", "engineer"))


def utterance(turn: int, role: str = "mayor", text: str = "Well.", **fields: Any) -> Utterance:
    return Utterance(**{"key": f"t{turn}.{role}", "turn": turn, "phase": "debate", "source": role, "audience": "all",
                        "name": role.title(), "text": text, **fields})


def progress(turn: int) -> Progress:
    return Progress(turn, "debate", ("engineer",), {"trust": 5 - turn}, {"tokens": 100 * turn, "cost_usd": 0.5})


def call(turn: int, role: str = "mayor", text: str | None = "Well.", *, ordinal: int = 0, lines: tuple[str, ...] = (),
         failed: int = 0, **request: Any) -> CallRecord:
    reply = None if text is None else ModelReply(text, "stop", Usage(100, 80, 20, 0.25), "model-1", 12.5,
                                                 {"id": f"chat-{turn}"})
    return CallRecord(
        CallKey(turn, role, "speak", ordinal), "speak", "default",
        ModelRequest((Message("system", (f"You are {role}.",)), Message("user", ("So far:\n", *lines, "Go on."))),
                     **{"temperature": 0.7, "max_tokens": 200, "stop": ("\n\n",), "seed": turn, **request}),
        reply, tuple(Attempt("default", "model.timeout", "no answer", 30.0, 5.0) for _ in range(failed)),
        None if reply else {"code": "model.timeout", "message": "no answer"},
        {"actor/system.md": "a" * 64})


@dataclass(frozen=True)
class Stage:
    """A database with a template, a writer, and ways to make runs and records."""

    database: Database
    writer: RecordWriter

    async def run(self, *, fork: Fork | None = None, **fields: Any) -> str:
        async with self.database.session() as session:
            template = await scenario_templates(session).add(name="play", version="1.0.0", format=1, content={"a": 1},
                                                             content_hash="hash")
            return (await Runs(session).create(NewRunRow(template, CAST, **{"seed": 7, **fields}, fork=fork)))[0]

    async def lease(self, run_id: str, owner: str = "me", ttl: timedelta = timedelta(minutes=1)) -> int | None:
        async with self.database.session() as session:
            row = (await Leases(session).acquire([run_id], owner, ttl)).get(run_id)
            return None if row is None else row.fence

    async def record(self, run_id: str | None = None) -> RunRecord:
        """The record of a run that is ours from now on, whoever held it before."""
        run_id = run_id or await self.run()
        fence = await self.lease(run_id, ttl=timedelta(seconds=-1))
        assert fence is not None
        return RunRecord.of(self.writer, await self.stored(run_id), fence, roles=2, ended=self.keep_metrics)

    async def stored(self, run_id: str) -> StoredRun:
        async with self.database.read() as session:
            return (await read_runs(session, [run_id]))[run_id]

    async def keep_metrics(self, run_id: str) -> None:
        async with self.database.session() as session:
            await RunMetrics(session).keep(await RunMetrics(session).compute([run_id]))

    async def inbox(self, record: RunRecord) -> RunInbox:
        return RunInbox(self.database, record, (await self.stored(record.run_id)).controls)


async def log(stage: Stage, run_id: str) -> list[StoredEvent]:
    async with stage.database.read() as session:
        return await Events(session).read(run_id)


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    """A database with a writer; the test runs once on each kind."""
    writer = RecordWriter(database)
    yield Stage(database, writer)
    await writer.close()


@pytest.fixture
async def sqlite_stage(sqlite_database: Database) -> AsyncIterator[Stage]:
    """A SQLite database with a writer, for what does not differ."""
    writer = RecordWriter(sqlite_database)
    yield Stage(sqlite_database, writer)
    await writer.close()


Play = Callable[..., Awaitable[RunRecord]]


@pytest.fixture
def play(stage: Stage) -> Play:
    """Records a number of turns of a run, one call and one utterance each."""
    async def play(turns: int, record: RunRecord | None = None, *, first: int = 1) -> RunRecord:
        record = record or await stage.record()
        for turn in range(first, first + turns):
            role = ("mayor", "engineer")[turn % 2]
            record.note(call(turn, role, f"words of turn {turn}"))
            await record.commit([utterance(turn, role, f"words of turn {turn}")], replace(progress(turn), turn=turn))
        return record
    return play
