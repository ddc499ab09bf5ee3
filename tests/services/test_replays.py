"""A replay proves that requests, events, measurements, outcome and rows are those of the play."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, URL, Column, LargeBinary, StaticPool, Table, create_engine, text

from pyscrai.databases.repositories.seals import CHANGING, ORDER
from pyscrai.databases.tables import Base, RunRow, ScenarioTemplateRow, TextRow
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError
from pyscrai.factories.scenario_factory import open_run
from pyscrai.services.controls import inject, release, request, take_over
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from pyscrai.services.replies import reply
from pyscrai.services.run_measures import measure_run
from pyscrai.services.run_seals import verify_run
from pyscrai.templates.models.world import InjectText
from tests.engines.playing import actor, analyst, narrator
from tests.services.conftest import House

TALK: dict[str, Any] = {
    "parameters": {"hour": {"type": "integer", "default": 11}},
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10}},
    "roles": {"ann": {"agent": actor(tools=["dice"], memory={"window": 4, "block": 2, "summary": True}),
                      "secret": "Ann is late.", "human": "allowed"},
              "bob": {"agent": actor(failure={"retries": 0, "backoff": 0, "then": "skip"}), "human": "allowed"},
              "eye": {"agent": analyst()}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "observe": {"by": "eye", "every": 4},
                                                  "next": [{"to": "end", "after_turns": 8}]}}},
    "rules": [{"when": "turn == 3", "set": {"trust": "vars.trust - 1"}}],
    "analysis": {"by": "eye", "report": True, "measures": [{"name": "calm", "scale": [1, 5], "rubric": "How calm."}]}}


async def assert_replays(house: House, run_id: str) -> None:
    found = await replay_run(house.services, run_id)
    assert found.same, found.difference
    assert found.events >= 3


async def test_a_completed_run_replays(house: House) -> None:
    run_id = await house.played(TALK)
    await assert_replays(house, run_id)
    found = await verify_run(house.services, run_id)
    assert (found.sealed, found.later, found.problems) == (True, 0, ())


async def test_a_run_that_was_paused_stepped_and_injected_into_replays(house: House) -> None:
    run_id = await house.make(TALK)
    for _ in range(3):
        await house.play(run_id, step=True)
    await inject(house.services, run_id, InjectText(text="A bell.", audience=("ann",)), actor="kim",
                 changes={"trust": 2})
    await request(house.services, run_id, "resume", actor="kim")
    async with open_run(house.services, run_id) as runner:
        runner.pause("kim asks")
        assert (await runner.play()).status == "paused"
    assert (await house.play(run_id)).status == "completed"
    await assert_replays(house, run_id)
    assert (await verify_run(house.services, run_id)).problems == ()


@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_what_arrives_between_a_choice_and_its_turn_is_heard_where_it_was(house: House, steps: int) -> None:
    talk = {**TALK, "name": "moderated", "roles": {**TALK["roles"], "god": {"agent": narrator()}}, "flow": {
        "start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "order": "moderated", "moderator": "god",
                                             "next": [{"to": "end", "after_turns": 4}]}}}}
    run_id = await house.make(talk)
    for _ in range(steps):
        await house.play(run_id, step=True)
    await asyncio.sleep(0.002)  # instants are kept to the millisecond
    await inject(house.services, run_id, InjectText(text="A bell."), actor="kim")
    assert (await house.play(run_id)).status == "completed"
    await assert_replays(house, run_id)


async def test_a_run_with_people_in_it_replays(house: House) -> None:
    run_id = await house.make(TALK)
    await house.play(run_id, step=True)
    await take_over(house.services, run_id, "bob", actor="kim")
    assert (await house.play(run_id)).status == "waiting"
    await reply(house.services, run_id, {"text": "I am here."}, actor="kim", role="bob")
    assert (await house.play(run_id)).status == "waiting"
    await release(house.services, run_id, "bob", actor="kim")
    assert (await house.play(run_id)).status == "completed"
    await assert_replays(house, run_id)


async def test_a_run_that_was_stopped_or_failed_replays(house: House) -> None:
    run_id = await house.make(TALK)
    for _ in range(4):
        await house.play(run_id, step=True)
    async with open_run(house.services, run_id) as runner:
        runner.stop("enough")
        assert (await runner.play()).status == "stopped"
    await assert_replays(house, run_id)
    answers = [ModelServerError("down")] * 3

    def failing(request: ModelRequest) -> Any:
        if len(house.asked) % 5 == 0 and answers:
            raise answers.pop()
        return None

    house.script = failing
    other = await house.played(TALK)
    assert (await house.row(other)).status == "failed"
    await assert_replays(house, other)
    while (await house.row(other)).status == "failed":
        await house.play(other)
    assert (await house.row(other)).status == "completed"
    await assert_replays(house, other)


async def test_a_run_with_skipped_turns_and_missing_results_replays(house: House) -> None:
    def script(request: ModelRequest) -> Any:
        if "Bob" in request.messages[0].content[:12] or (
                request.schema is not None and "value" in request.schema["properties"]):
            raise ModelServerError("down")
        return None

    house.script = script
    run_id = await house.played(TALK)
    row = await house.row(run_id)
    assert row.status == "completed", row.error
    assert await house.events(run_id, "turn_skipped")
    assert await house.events(run_id, "result_missing")
    await assert_replays(house, run_id)
    house.script = lambda request: None
    await measure_run(house.services, run_id)
    await assert_replays(house, run_id)
    assert (await verify_run(house.services, run_id)).later == 0, "it is sealed again"


async def test_forks_and_forks_of_forks_replay(house: House) -> None:
    run_id = await house.played(TALK)
    child = await fork_run(house.services, run_id, 4, Edits(variables={"trust": 9}, seed=7), actor="kim")
    assert (await house.play(child)).status == "completed"
    await assert_replays(house, child)
    grandchild = await fork_run(house.services, child, 6, Edits(injects=[InjectText(text="A bell.")]), actor="kim")
    assert (await house.play(grandchild)).status == "completed"
    await assert_replays(house, grandchild)


async def test_a_request_that_changed_is_told_beside_the_recorded_one(house: House) -> None:
    run_id = await house.played(TALK)
    await change(house, "UPDATE agent_instances SET configuration = replace(configuration, 'Ann is late', 'Ann lies')")
    found = (await replay_run(house.services, run_id)).difference
    assert found is not None
    assert (found.what, found.turn, found.key) == ("request", 1, "t1.ann.speak")
    assert "Ann is late." in str(found.recorded)
    assert "Ann lies." in str(found.replayed)


async def change(house: House, statement: str, *values: Any) -> None:
    async with house.services.database.session() as session:
        result = await (await session.connection()).exec_driver_sql(statement, values)
        assert result.rowcount > 0, statement


def changed_value(column: Column[Any], old: Any) -> Any:
    """Another value that the column takes, of what the driver gave."""
    if isinstance(column.type, LargeBinary):
        return b"x" * 16
    if column.name == "content" and "A test." in str(old):
        return str(old).replace("A test.", "A jest.")
    if isinstance(column.type, JSON):
        return '{"x":1}' if old is None else old[:-1] + " " + old[-1:]
    if isinstance(old, datetime):
        return old + timedelta(seconds=1)
    if isinstance(old, str):
        return old + "x"
    return 1 if old is None else old + 1000


KEYS = {("events", "id"): "what gives the order of events is seq", ("llm_messages", "id"): "calls point to it",
        ("scenario_templates", "id"): "runs point to it", ("scenario_runs", "id"): "it would be another run"}
"""Columns that cannot be changed alone, or that no view of a run is made from."""
APART = {("scenario_templates", name): "about the template's row, not about what was played" for name in (
    "name", "version", "format", "source", "shipped", "archived_at", "created_at")}
COLUMNS = [(table.__table__, column) for table in (*ORDER, TextRow, ScenarioTemplateRow)
           for column in table.__table__.columns
           if (table.__tablename__, column.name) not in {*KEYS, *APART}
           and not (table is RunRow and column.name in CHANGING)]


class Tamperer:
    """A program of somebody else that changes single values of the first row of a table."""

    def __init__(self, url: URL) -> None:
        self._postgres = url.get_backend_name() == "postgresql"
        self._engine = create_engine(url if self._postgres else url.set(drivername="sqlite"), poolclass=StaticPool)

    def first(self, table: Table) -> dict[str, Any]:
        """The first row, as the driver gives it; JSON as its text."""
        columns = ", ".join(f'CAST("{column.name}" AS TEXT) AS "{column.name}"' if isinstance(column.type, JSON)
                            else f'"{column.name}"' for column in table.columns)
        order = ", ".join(f'"{key.name}"' for key in table.primary_key)
        with self._engine.begin() as connection:
            return dict(connection.execute(
                text(f"SELECT {columns} FROM {table.name} ORDER BY {order} LIMIT 1")).mappings().one())

    def change(self, table: Table, row: dict[str, Any], column: Column[Any], new: Any) -> dict[str, Any]:
        """The row as it is after one value of it was written."""
        where = " AND ".join(f'"{key.name}" = :_{key.name}' for key in table.primary_key)
        with self._engine.begin() as connection:
            if self._postgres:
                connection.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key is looked at
            found = connection.execute(text(f'UPDATE {table.name} SET "{column.name}" = :new WHERE {where}'),
                                       {"new": new, **{f"_{key.name}": row[key.name] for key in table.primary_key}})
            assert found.rowcount == 1, (table.name, column.name)
        return {**row, column.name: new}

    def close(self) -> None:
        self._engine.dispose()


@pytest.mark.parametrize("house_url", ["sqlite", "postgres"], indirect=True)
async def test_tampering_with_any_column_of_a_run_is_told(house: House) -> None:
    run_id = await house.make(TALK, tags=("first",))
    await house.play(run_id, step=True)
    await inject(house.services, run_id, InjectText(text="A bell.", audience=("ann",)), actor="kim")
    assert (await house.play(run_id)).status == "completed"
    assert (await verify_run(house.services, run_id)).problems == ()
    tamperer, untold = Tamperer(house.services.database.dialect.url), []
    for table, column in COLUMNS:
        row = tamperer.first(table)
        changed = tamperer.change(table, row, column, changed_value(column, row[column.name]))
        if not (await verify_run(house.services, run_id)).problems:
            untold.append((table.name, column.name))
        tamperer.change(table, changed, column, row[column.name])
    tamperer.close()
    assert not untold
    assert (await verify_run(house.services, run_id)).problems == ()


@pytest.mark.parametrize(("statement", "what"), [
    ("UPDATE events SET payload = json_set(payload, '$.text', 'Oh.') WHERE kind = 'utterance'", "event"),
    ("UPDATE events SET audience = ',ann,' WHERE key = 't2'", "event"),
    ("UPDATE events SET turn = 3 WHERE key = 't2'", "event"),
    ("DELETE FROM events WHERE key = 't2'", "event"),
    ("UPDATE measurements SET rationale = 'No.'", "measurement"),
    ("DELETE FROM measurements", "measurement"),
    ("UPDATE scenario_runs SET outcome = replace(outcome, '8', '7')", "run"),
    ("UPDATE scenario_runs SET variables = '{\"trust\":9}'", "run"),
    ("UPDATE llm_calls SET reply = 'Something else.' WHERE turn = 2", "event"),
    ("UPDATE llm_calls SET purpose = 'other' WHERE turn = 2", "request"),
    ("UPDATE llm_calls SET question = x'00' WHERE turn = 2", "request"),
    ("UPDATE scenario_runs SET seed = 2", "seal"),
    ("UPDATE llm_calls SET latency_ms = latency_ms + 1", "seal"),
    ("UPDATE llm_messages SET content = content || 'x'", "seal"),
])
async def test_what_was_changed_is_told_by_the_replay(house: House, statement: str, what: str) -> None:
    run_id = await house.played(TALK)
    await change(house, statement)
    found = (await replay_run(house.services, run_id)).difference
    assert found is not None
    assert found.what == what, found


async def test_two_events_that_changed_places_are_told(house: House) -> None:
    run_id = await house.played(TALK)
    [first, second] = [event for event in await house.events(run_id) if event.key in ("t3", "t3.1")]
    for seq, other in ((10_000, first), (first.seq, second), (second.seq, first)):
        await change(house, "UPDATE events SET seq = ? WHERE id = ?", seq, other.id)
    found = (await replay_run(house.services, run_id)).difference
    assert found is not None
    assert found.what == "order"


def test_every_table_of_a_run_is_sealed() -> None:
    of_runs = {mapper.class_ for mapper in Base.registry.mappers if any(
        key.column is RunRow.__table__.c.id for key in mapper.local_table.foreign_keys)}  # type: ignore[attr-defined]
    assert {table.__tablename__ for table in of_runs - set(ORDER)} <= {
        "run_seals", "annotations", "idempotency_keys", "experiment_cells", "experiment_pasts", "judgements",
        "deviations", "seats"}
