from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.runs import NewMember, NewRunRow, Runs
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.errors import NotFound, VersionConflict, WrongState


def version(number: str, content: str = "a", **fields: Any) -> dict[str, Any]:
    return {"name": "play", "version": number, "format": 1, "content": {"premise": content}, "content_hash": content,
            **fields}


async def test_a_version_is_stored_once_and_never_changed(database: Database) -> None:
    async with database.session() as session:
        first = await scenario_templates(session).add(**version("1.0.0", source="premise: a", shipped=True))
    async with database.session() as session:
        same = await scenario_templates(session).add(**version("1.0.0"))
        assert (same.id, same.source, same.shipped) == (first.id, "premise: a", True)
        await scenario_templates(session).add(**version("1.0.1", "b"))
        await scenario_templates(session).add(**version("2.3.0", "c"))
        with pytest.raises(VersionConflict) as caught:
            await scenario_templates(session).add(**version("1.0.0", "changed"))
    assert "1.0.2" in str(caught.value.cure)
    assert caught.value.details["next_version"] == "1.0.2"
    async with database.read() as session:
        assert (await scenario_templates(session).get("play@1.0.0")).content == {"premise": "a"}


async def test_the_newest_version_is_the_greatest_number(database: Database) -> None:
    async with database.session() as session:
        for number in ("1.9.0", "1.10.0", "1.2.30"):
            await agent_templates(session).add(**version(number, number))
        await agent_templates(session).add(**version("0.1.0", name="another"))
    async with database.read() as session:
        templates = agent_templates(session)
        assert (await templates.get("play")).version == "1.10.0"
        assert (await templates.get("play@1.2.30")).content_hash == "1.2.30"
        assert [(row.name, row.version) for row in await templates.list()] == [("another", "0.1.0"), ("play", "1.10.0")]
        assert [row.version for row in await templates.list(name="play", every_version=True)] == [
            "1.10.0", "1.9.0", "1.2.30"]
        for reference, cure in (("play@3.0.0", "1.2.30, 1.9.0, 1.10.0"), ("nothing", "templates list"),
                                ("play@", "templates list")):
            with pytest.raises(NotFound) as caught:
                await templates.get(reference)
            assert cure in str(caught.value.cure)
        assert await scenario_templates(session).list() == []


async def test_a_version_that_runs_refer_to_stays(database: Database) -> None:
    async with database.session() as session:
        used = await scenario_templates(session).add(**version("1.0.0"))
        await scenario_templates(session).add(**version("2.0.0"))
        agent = await agent_templates(session).add(**version("1.0.0"))
        await Runs(session).create(NewRunRow(used, [NewMember("a", "A", "actor", "a", {}, agent.id)], seed=1))
    async with database.session() as session:
        await scenario_templates(session).archive("play@2.0.0")
        for templates in (scenario_templates(session), agent_templates(session)):
            with pytest.raises(WrongState, match="runs refer to"):
                await templates.archive("play@1.0.0")
    async with database.read() as session:
        assert [row.version for row in await scenario_templates(session).list()] == ["1.0.0"]
        assert len(await scenario_templates(session).list(every_version=True, archived=True)) == 2
        assert (await scenario_templates(session).get("play@2.0.0")).archived_at is not None
    async with database.session() as session:
        await scenario_templates(session).add(**{**version("1.0.0"), "name": "talk"})
        await scenario_templates(session).archive("talk@1.0.0")
        with pytest.raises(NotFound) as caught:
            await scenario_templates(session).get("talk")
        assert caught.value.cure == "all versions of talk are archived; one is had by its number: 1.0.0"
        with pytest.raises(NotFound) as caught:
            await scenario_templates(session).get("tlak")
        assert caught.value.cure == "`pyscrai templates list` shows what is stored", "nobody is led to what is archived"



async def test_two_who_store_the_same_version_at_once_both_have_it(database: Database) -> None:
    async def store(content_hash: str) -> str:
        async with database.session() as session:
            row = await scenario_templates(session).add(**{**version("1.0.0"), "content_hash": content_hash})
            await asyncio.sleep(0.2)
            return row.content_hash

    assert await asyncio.gather(*(store("one") for _ in range(4))) == ["one"] * 4
    found = await asyncio.gather(store("one"), store("two"), return_exceptions=True)
    assert found[0] == "one"
    assert isinstance(found[1], VersionConflict)
