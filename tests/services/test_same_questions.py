"""The same run asks the same, whatever else the database holds; and what is told of runs is the sum of its parts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, update

from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.tables import RunMetricsRow, RunRow, RunSealRow
from pyscrai.services.controls import inject
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from pyscrai.services.run_tables import runs_of_query
from pyscrai.templates.models.world import InjectText
from tests.engines.playing import actor, analyst
from tests.services.conftest import House

WATCHED: dict[str, Any] = {
    "roles": {"ann": {"agent": actor()}, "bob": {"agent": actor()}, "eye": {"agent": analyst()}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "after_turns": 4}]}}},
    "analysis": {"by": "eye", "report": True, "measures": [{"name": "calm", "scale": [1, 5], "rubric": "How calm."}]}}
RAIN = InjectText(text="It rains.")


async def questions(house: House, run_id: str) -> list[bytes | None]:
    return [stored.call.question for stored in await house.calls(run_id)]


async def test_what_other_runs_were_told_does_not_show_in_questions(house: House) -> None:
    options = {"injects": (RAIN.model_dump(mode="json"),), "variables": {}}
    first = await house.played(WATCHED, **options)
    second = await house.played(WATCHED, **options)
    assert await questions(house, first) == await questions(house, second)
    for run_id in (first, second):
        [told] = await house.events(run_id, "inject")
        assert told.key == "c1.1"
        assert (await replay_run(house.services, run_id)).same


async def test_forks_count_commands_on_from_the_past_that_they_share(house: House) -> None:
    parent = await house.make(WATCHED, injects=(RAIN.model_dump(mode="json"),))
    await house.play(parent, step=True)
    await house.play(parent, step=True)
    await inject(house.services, parent, InjectText(text="A bell."), actor="kim")
    await house.play(parent)
    forks = [await fork_run(house.services, parent, 3, Edits(injects=(InjectText(text="Thunder."),)), actor="kim")
             for _ in range(2)]
    for run_id in forks:
        await house.play(run_id)
        keys = [event.key for event in await house.events(run_id, "inject")]
        assert keys == ["c1.1", "c2.1", "c3.1"], "no line takes another one's place"
        assert (await replay_run(house.services, run_id)).same
    assert await questions(house, forks[0]) == await questions(house, forks[1])
    assert len(set(await questions(house, forks[0]))) == 3, "a turn, a measurement and a report"


async def test_a_run_of_before_keeps_the_numbers_of_its_commands(house: House) -> None:
    await house.played(WATCHED, injects=(RAIN.model_dump(mode="json"),))
    run_id = await house.make(WATCHED, injects=(RAIN.model_dump(mode="json"),))
    async with house.services.database.session() as session:
        settings = {name: value for name, value in (await session.get_one(RunRow, run_id)).settings.items()
                    if name != "commands_before"}
        await session.execute(update(RunRow).where(RunRow.id == run_id).values(settings=settings))
    await house.play(run_id)
    assert [event.key for event in await house.events(run_id, "inject")] == ["c2.1"]
    assert (await replay_run(house.services, run_id)).same
    fork = await fork_run(house.services, run_id, 2, Edits(injects=(RAIN,)), actor="kim")
    await house.play(fork)
    assert [event.key for event in await house.events(fork, "inject")] == ["c2.1", "c3.1"]


async def test_totals_in_tables_are_the_sums_of_calls_also_where_none_were_kept_or_too_early(house: House) -> None:
    run_id = await house.make(WATCHED)
    await house.play(run_id, step=True)
    async with house.services.database.session() as session:
        # As a failure would: the run goes on after it.
        await RunMetrics(session).keep(await RunMetrics(session).compute([run_id]))
    await house.play(run_id)
    sums = sum(stored.call.reply.usage.prompt_tokens + stored.call.reply.usage.completion_tokens
               for stored in await house.calls(run_id) if stored.call.reply)

    async def tokens() -> int:
        from sqlalchemy import select

        async with house.services.database.read() as session:
            runs = await runs_of_query(session, select(RunRow))
            [batch] = [batch async for batch in runs.batches(session, "runs")]
            return int(batch.to_pylist()[0]["tokens"])

    assert await tokens() == sums
    async with house.services.database.session() as session:   # killed between the end and what is kept of it
        await session.execute(delete(RunSealRow))
        await session.execute(update(RunMetricsRow).values(prompt_tokens=1))
    assert await tokens() == sums
    async with house.services.database.session() as session:
        await session.execute(delete(RunMetricsRow))
    assert await tokens() == sums
