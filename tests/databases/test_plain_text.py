"""No text that comes from outside is one that a database, or a later reader, cannot take: whichever column it meets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Column, LargeBinary, Text
from sqlalchemy.dialects import postgresql, sqlite

from pyscrai.databases.columns import PlainText, from_json, to_json
from pyscrai.databases.database import Database
from pyscrai.databases.experiment_tables import ExperimentRow
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.runs import NewMember, NewRunRow, Runs
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.databases.tables import Base
from pyscrai.engines.ports.record import Progress
from pyscrai.events import Control
from tests.databases.conftest import Stage, call, log, utterance

POISON = "a\x00b\ud800c\udfff\ud83d\ude00"
PLAIN = "a\ufffdb\ufffdc\ufffd\U0001f600"
COLUMNS = [column for table in Base.metadata.sorted_tables for column in table.columns]
assert ExperimentRow.__table__ in Base.metadata.sorted_tables


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgres"])
def test_every_column_stores_it_plainly(column: Column[Any], dialect: Any) -> None:
    kind = column.type
    dialect._json_serializer = to_json
    if isinstance(kind, JSON):  # the driver of PostgreSQL calls ``to_json`` itself
        processor = kind.bind_processor(dialect) if dialect.name == "sqlite" else to_json
        assert processor is not None
        assert from_json(processor({POISON: [POISON]})) == {PLAIN: [PLAIN]}
    elif column.table.name == "scenario_runs" and column.name in ("status", "desired"):
        assert type(kind) is Text, "words of ours alone: the lifecycle's"
    elif isinstance(kind, Text) or getattr(kind, "impl", None).__class__ is Text:
        processor = kind.bind_processor(dialect)
        assert processor is not None, f"{column} takes any text: use PlainText"
        assert processor(POISON if isinstance(kind, PlainText) else (POISON,)).strip(",") == PLAIN
    else:
        assert not isinstance(kind, LargeBinary) or column.name in (
            "hash", "question", "digest", "raw_packed")


async def test_what_is_told_is_what_is_stored(stage: Stage) -> None:
    record = await stage.record(await stage.run(name=POISON, tags=[POISON], parameters={POISON: POISON}))
    told: list[Any] = []
    stage.writer.subscribe(lambda run_id, events: told.extend(events))
    record.note(call(1, text=POISON, lines=(POISON,), role=POISON))
    await record.commit([utterance(1, text=POISON, key=POISON, phase=POISON, source=POISON, audience=[POISON]),
                         Control(key="c", turn=1, action="x", actor="kim", arguments={POISON: [{"x": POISON}]})],
                        Progress(1, POISON, (POISON,), {POISON: POISON}, {}))
    stored = await log(stage, record.run_id)
    assert stored == told
    assert (stored[0].key, stored[0].phase, stored[0].source, stored[0].audience) == (PLAIN, PLAIN, PLAIN, (PLAIN,))
    assert stored[0].payload["text"] == PLAIN
    async with stage.database.read() as session:
        row = await Runs(session).get(record.run_id)
        assert (row.name, row.tags, row.parameters) == (PLAIN, [PLAIN], {PLAIN: PLAIN})
        assert (row.phase, row.speakers, row.variables) == (PLAIN, [PLAIN], {PLAIN: PLAIN})


async def test_what_people_and_templates_say(database: Database) -> None:
    async with database.session() as session:
        agent = await agent_templates(session).add(name="a", version="1.0.0", format=1, content={"x": POISON},
                                                   content_hash="h", source=POISON)
        play = await scenario_templates(session).add(name="p", version="1.0.0", format=1, content={POISON: 1},
                                                     content_hash="h", source=POISON)
        cast = [NewMember("a", POISON, "actor", "a", {"x": POISON}, agent.id, POISON)]
        [run_id] = await Runs(session).create(NewRunRow(play, cast, seed=1, settings={"actor": POISON}))
        await Controls(session).add(run_id, "inject", {"text": POISON}, actor=POISON)
    async with database.read() as session:
        assert (await agent_templates(session).get("a")).source == PLAIN
        assert (await scenario_templates(session).get("p")).content == {PLAIN: 1}
        [member] = await Runs(session).cast(run_id)
        assert (member.name, member.played_by, member.configuration) == (PLAIN, PLAIN, {"x": PLAIN})
        [control] = await Controls(session).list(run_id)
        assert (control.payload, control.actor) == ({"text": PLAIN}, PLAIN)


ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
ANY_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
                        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
                        max_leaves=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_JSON)
def test_any_json_comes_back_plain_and_stays_so(value: Any) -> None:
    text = to_json(value)
    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert from_json(to_json(from_json(text))) == from_json(text)


@pytest.mark.parametrize("stored", ['"\\ud800"', '{"a":"\\u0000"}', '["\\udfff\\u0000"]', "1" * 400])
def test_what_was_stored_before_is_read_plainly(stored: str) -> None:
    to_json(from_json(stored)).encode()
    assert "\x00" not in str(from_json(stored))
