"""Names for the shells' completion, read without SQLAlchemy: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from pyscrai.databases.database import Database
from pyscrai.databases.stored_names import StoredNames
from tests.databases.conftest import Stage


async def test_names_are_those_that_were_stored(stage: Stage, database_url: str) -> None:
    first, second = await stage.run(tags=("a", "b")), await stage.run(tags=("b",))
    names = StoredNames(database_url)
    assert list(names.runs()) == [(second, "pending", "play"), (first, "pending", "play")]
    assert list(names.templates("scenario_templates")) == ["play"]
    assert list(names.templates("agent_templates")) == []
    assert names.scenario("play") == names.scenario("play@1.0.0") == {"a": 1}
    assert names.scenario("play@2.0.0") == {}
    assert list(names.tags()) == ["b", "a"]
    assert list(names.roles_of_run(first)) == list(names.roles_of_run("last")) == [
        ("mayor", "Mayor"), ("engineer", "Engineer")]
    assert list(names.experiments()) == list(names.api_keys()) == []


async def test_a_query_that_fails_gives_no_names(database: Database, database_url: str) -> None:
    assert list(StoredNames(database_url).templates("no_such_table")) == []
