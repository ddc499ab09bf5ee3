"""Databases of an earlier version: brought up to date, their runs play on, replay, fork and are exported.

``tests/fixtures/make_databases.py`` made them with the server of commit 6c98f48.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.migrations.revision import REVISION
from pyscrai.databases.repositories.calls import Calls, StoredCall
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import RunRow
from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.exports.formats import SUFFIXES, renderer
from pyscrai.exports.run_reader import gather
from pyscrai.factories.caches import Recent
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.services.controls import release
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from pyscrai.services.replies import reply
from pyscrai.services.run_seals import verify_run
from pyscrai.services.run_states import moment
from tests.fixtures.make_databases import FOLDER, PLAYED

NEW_WORDS: Sequence[tuple[str, str]] = ()
"""Parts of prompts that were changed on purpose since: (as it is now, as it was). Each needs its line in the change
log, since a replay of an older run tells the difference."""


@pytest.fixture(params=["sqlite", "postgres"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that commit 6c98f48 made."""
    if request.param == "sqlite":
        file = tmp_path / "old.db"
        file.write_bytes(gzip.decompress((FOLDER / "6c98f48.db.gz").read_bytes()))
        return f"sqlite+aiosqlite:///{file}"
    make_postgres: Callable[..., str] = request.getfixturevalue("make_postgres")
    url = make_postgres()
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        connection.execute(gzip.decompress((FOLDER / "6c98f48.sql.gz").read_bytes()))
    return url


@pytest.fixture
async def old(old_url: str) -> AsyncIterator[Services]:
    """The services over an old database; its model alias is a scripted model now."""
    settings = load_settings(database_url=old_url, model="fake", models={"fake": {"kind": "scripted"}})
    async with open_services(settings) as services:
        yield services


async def run_named(services: Services, name: str) -> RunRow:
    async with services.database.read() as session:
        found = (await Runs(session).list(limit=50)).runs
    return next(row for row in found if row.name == name)


async def recorded(services: Services, run_id: str) -> tuple[list[StoredEvent], list[StoredCall]]:
    async with services.database.read() as session:
        return await Events(session).read(run_id), await Calls(session).read(run_id)


async def play(services: Services, run_id: str) -> str:
    async with open_run(services, run_id) as runner:
        return (await runner.play()).status


async def assert_whole(services: Services, run_id: str) -> None:
    """The log has no gap and no double, and the state says what the log says."""
    events, _ = await recorded(services, run_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert Counter(event.key for event in events).most_common(1)[0][1] == 1
    spoken = sorted(event.turn for event in events if event.kind == "utterance")
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
    assert spoken == list(range(1, row.turn + 1))
    at = await moment(services, run_id)
    said = {event.key: event.payload["text"] for event in events if event.kind in ("utterance", "inject")}
    assert {line["id"]: line["content"] for line in at.values["messages"] if line["id"] in said}.items() <= said.items()


async def test_the_tables_are_brought_up_to_date(old: Services) -> None:
    assert await old.database.revision() == REVISION
    async with old.database.read() as session:
        runs = (await Runs(session).list(limit=50)).runs
    assert {row.name for row in runs} == set(PLAYED)
    assert {row.name: row.status for row in runs} == {
        "completed": "completed", "fork": "completed", "paused": "paused", "waiting": "waiting",
        "interrupted": "running", "failed": "failed"}


@pytest.mark.parametrize("name", ["paused", "interrupted"])
async def test_a_run_goes_on_where_it_was(old: Services, name: str) -> None:
    row = await run_named(old, name)
    events, calls = await recorded(old, row.id)
    assert len(calls) > 10
    assert await play(old, row.id) == "completed"
    await assert_whole(old, row.id)
    after_events, after_calls = await recorded(old, row.id)
    assert [event.key for event in after_events[:len(events)]] == [event.key for event in events]
    assert [stored for stored in after_calls if stored.id in {call.id for call in calls}] == calls
    model = await old.models.get("fake")
    assert isinstance(model, ScriptedModel)
    asked = {request.messages for request in model.requests}
    assert asked, "it went on without a model"
    again = [stored.call.key for stored in calls if stored.call.request.messages in asked]
    assert not again, "a recorded call was paid again"


async def test_a_run_that_failed_at_an_unusable_reply_is_asked_anew(old: Services) -> None:
    row = await run_named(old, "failed")
    _, calls = await recorded(old, row.id)
    assert await play(old, row.id) == "completed"
    await assert_whole(old, row.id)
    _, after = await recorded(old, row.id)
    assert after[:len(calls)] == calls
    assert (await replay_run(old, row.id)).difference is None


async def test_a_run_that_waits_for_a_person_takes_the_answer(old: Services) -> None:
    row = await run_named(old, "waiting")
    await reply(old, row.id, {"text": "I am still here."}, actor="kim", role="bob")
    await release(old, row.id, "bob", actor="kim")
    assert await play(old, row.id) == "completed"
    await assert_whole(old, row.id)
    events, _ = await recorded(old, row.id)
    assert [event.turn for event in events if event.kind == "utterance" and
            event.payload["text"] == "I am still here."] == [row.turn + 1]


@pytest.mark.parametrize(("name", "calls"), [("completed", 50), ("fork", 20), ("failed", 5)])
async def test_a_run_that_has_ended_replays(old: Services, name: str, calls: int) -> None:
    row = await run_named(old, name)
    replayed = await replay_run(old, row.id)
    assert replayed.difference is None
    assert replayed.calls > calls
    found = await verify_run(old, row.id)
    assert (found.sealed, found.problems) == (False, ())


async def make_of_first_edition(services: Services, run_id: str) -> None:
    """Let a run keep to the flow's rules of the version that made the databases."""
    async with services.database.session() as session:
        row = await Runs(session).get(run_id)
        row.settings = {name: value for name, value in row.settings.items() if name != "edition"}
    services.shared.plans = Recent(1)


async def test_a_completed_run_asks_the_same_of_its_models(old: Services) -> None:
    """The same play, made anew with the model answering as it did: every prompt is the recorded one, byte for byte."""
    row = await run_named(old, "completed")
    _, calls = await recorded(old, row.id)
    said = {_fingerprint(stored.call.request): stored.call.reply for stored in calls}
    assert len(said) == len(calls)
    unknown: list[ModelRequest] = []

    def answer(request: ModelRequest) -> ModelReply:
        found = said.get(_fingerprint(request))
        if found is None:
            unknown.append(request)
            raise AssertionError("a prompt has changed")
        return found

    old.models.register("fake", ScriptedModel(answer, alias="fake"))
    run_id = await create_scenario_run_from_template(old, "old-town@1.0.0", RunOptions(
        seed=row.seed, parameters=row.parameters))
    await make_of_first_edition(old, run_id)
    try:
        status = await play(old, run_id)
    except AssertionError:
        status = "failed"
    if unknown:
        asked = unknown[0]
        nearest = max((stored.call.request for stored in calls if stored.call.request.seed == asked.seed),
                      key=lambda request: len(set(request.messages) & set(asked.messages)))
        for was, now in zip(nearest.messages, asked.messages, strict=False):
            assert _now(now.content) == was.content
        assert (asked.schema, asked.stop, asked.max_tokens, asked.temperature, asked.top_p) == (
            nearest.schema, nearest.stop, nearest.max_tokens, nearest.temperature, nearest.top_p)
    assert not unknown
    assert status == "completed"
    _, again = await recorded(old, run_id)
    assert sorted(map(_asked_for, again)) == sorted(map(_asked_for, calls))


def _asked_for(stored: Any) -> tuple[int, str, str]:
    """Turn, role and task of a call; scores of a new run are asked for each at a place of its own."""
    key = stored.call.key
    return key.turn, key.role, key.task.partition(":@")[0]


def _now(text: str) -> str:
    for new, former in NEW_WORDS:
        text = text.replace(new, former)
    return text


def _fingerprint(request: ModelRequest) -> str:
    messages = [(message.role, _now(message.content)) for message in request.messages]
    return repr((messages, request.seed, request.stop, request.max_tokens, request.temperature, request.top_p))


async def test_runs_fork_and_the_fork_plays_on(old: Services) -> None:
    row = await run_named(old, "completed")
    child = await fork_run(old, row.id, 10, Edits(variables={"trust": 8}, seed=5), actor="kim")
    assert await play(old, child) == "completed"
    fork = await run_named(old, "fork")
    grandchild = await fork_run(old, fork.id, 12, Edits(seed=6), actor="kim")
    assert await play(old, grandchild) == "completed"
    for run_id in (child, grandchild):
        events, _ = await recorded(old, run_id)
        spoken = sorted(event.turn for event in events if event.kind == "utterance")
        assert spoken == list(range(1, len(spoken) + 1))


async def test_all_runs_are_exported(old: Services) -> None:
    for name in PLAYED:
        row = await run_named(old, name)
        async with old.database.read() as session:
            dossier = await gather(session, row.id)
        events, _ = await recorded(old, row.id)
        for form in SUFFIXES:
            content = b"".join(renderer(form)(dossier))
            assert len(content) > 500, form
            if form in ("json", "jsonl"):
                text = content.decode()
                assert all(event.payload["text"] in text for event in events if event.kind == "utterance")
