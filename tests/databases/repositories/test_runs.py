from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pyscrai.databases.columns import now
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.claims import Claims
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.leases import Leases
from pyscrai.databases.repositories.runs import Fork, NewMember, NewRunRow, Runs
from pyscrai.databases.repositories.stored_runs import read_runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.run_ids import first_id_at, new_run_id
from pyscrai.engines.ports.record import Progress
from pyscrai.errors import NotFound, WrongState
from pyscrai.events import RunCompleted, RunStarted
from tests.databases.conftest import Play, Stage, utterance


async def test_a_new_run_has_all_that_was_said_of_it(stage: Stage) -> None:
    run_id = await stage.run(name="the first", parameters={"heat": 0.5}, settings={"max_turns": 9},
                             tags=["b", "a", "b"])
    async with stage.database.read() as session:
        run = await Runs(session).get(run_id)
        cast = await Runs(session).cast(run_id)
    assert (run.name, run.status, run.desired, run.seed) == ("the first", "pending", "run", 7)
    assert (run.parameters, run.settings, run.tags) == ({"heat": 0.5}, {"max_turns": 9}, ["a", "b"])
    assert (run.turn, run.last_seq, run.fence, run.owner) == (0, 0, 0, None)
    assert run.template_hash == "hash"
    assert abs(now() - run.created_at) < timedelta(minutes=1)
    assert [(member.role, member.configuration) for member in cast] == [
        ("mayor", {"role": "mayor"}), ("engineer", {"role": "engineer"})]


async def test_many_runs_made_at_one_moment_are_each_their_own(stage: Stage, play: Play) -> None:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    async with stage.database.session() as session:
        template = await scenario_templates(session).add(name="p", version="1.0.0", format=1, content={},
                                                         content_hash="h")
        ids = await Runs(session).create(*(NewRunRow(
            template, [NewMember("a", f"Ann {number}", "actor", "h", {})], number, tags=[f"t{number}"], moment=moment)
            for number in range(300)))
    assert len(set(ids)) == 300
    played = await play(2, await stage.record(ids[7]))
    async with stage.database.read() as session:
        found = await read_runs(session, [ids[7], ids[8], "run_000000000000"])
        assert [run.id for run in (await Runs(session).list(tags=["t9"])).runs] == [ids[9]]
    assert set(found) == {ids[7], ids[8]}
    assert [found[run_id].cast[0].name for run_id in ids[7:9]] == ["Ann 7", "Ann 8"]
    assert len(found[ids[7]].calls) == 2
    assert all(played.recall(call.key) for call in found[ids[7]].calls)
    assert found[ids[8]].calls == ()


async def test_an_unfinished_creation_leaves_nothing(stage: Stage) -> None:
    async def fail() -> None:
        async with stage.database.session() as session:
            template = await scenario_templates(session).add(name="p", version="1.0.0", format=1, content={},
                                                             content_hash="h")
            await Runs(session).create(NewRunRow(template, [NewMember("a", "A", "actor", "h", {})], seed=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with stage.database.read() as session:
        assert (await Runs(session).list()).runs == []


async def test_runs_are_found_by_what_people_type(stage: Stage) -> None:
    ids = [await stage.run(moment=datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 5, 9)]
    async with stage.database.read() as session:
        runs = Runs(session)
        for text in (ids[1], ids[1][4:], ids[1].upper(), ids[1][:9], ids[1][4:9], ids[1][-5:]):
            assert (await runs.find(text)).id == ids[1]
        assert (await runs.find("last")).id == ids[2]
        for text in ("run_", "", "  "):
            with pytest.raises(NotFound, match="several"):
                await runs.find(text)
        for text in ("nothing", "%", "run_zzzzzzzzzzzz"):
            with pytest.raises(NotFound) as caught:
                await runs.find(text)
            assert caught.value.code == "not_found"


async def test_runs_are_listed_newest_first_in_pages(stage: Stage) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [await stage.run(moment=day + timedelta(days=number), tags=["even"] if number % 2 == 0 else ["odd", "x"])
           for number in range(10)]
    async with stage.database.read() as session:
        runs = Runs(session)
        found, after = [], None
        while True:
            page = await runs.list(after=after, limit=4)
            found += [run.id for run in page.runs]
            if (after := page.after) is None:
                break
        assert found == ids[::-1]
        assert [run.id for run in (await runs.list(tags=["even"])).runs] == ids[8::-2]
        assert [run.id for run in (await runs.list(tags=["odd", "x"], limit=2)).runs] == ids[9:6:-2]
        assert (await runs.list(tags=["odd", "even"])).runs == []
        between = await runs.list(since=day + timedelta(days=3), until=day + timedelta(days=6))
        assert [run.id for run in between.runs] == ids[5:2:-1]
        assert (await runs.list(statuses=["failed", "completed"])).runs == []
        assert len((await runs.list(statuses=["pending"], template="play", version="1.0.0")).runs) == 10
        assert (await runs.list(template="play", version="2.0.0")).runs == []
        assert (await runs.counts()) == {"pending": 10, "running": 0, "waiting": 0, "paused": 0, "completed": 0,
                                         "failed": 0, "stopped": 0}


def test_ids_are_in_the_order_of_their_making() -> None:
    day = datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
    ids = [new_run_id(day + timedelta(milliseconds=number)) for number in range(100)]
    assert sorted(ids) == ids
    assert all(len(one) == 16 for one in ids)
    assert first_id_at(day) <= ids[0] < first_id_at(day + timedelta(milliseconds=1)) <= ids[1]


async def test_what_is_desired_of_no_run_is_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        async with stage.database.session() as session:
            await Runs(session).desire("run_000000000000", "pause")


async def test_who_plays_a_role_can_change(stage: Stage) -> None:
    run_id = await stage.run()
    async with stage.database.session() as session:
        await Runs(session).play_by(run_id, "mayor", "ann")
        await Runs(session).play_by(run_id, "engineer", None)
    async with stage.database.read() as session:
        assert [member.played_by for member in await Runs(session).cast(run_id)] == ["ann", "model"]


async def test_a_deleted_run_leaves_nothing_of_its_own(stage: Stage, play: Play) -> None:
    record, other = await play(3), await play(2)
    async with stage.database.session() as session:
        await Runs(session).delete(record.run_id)
    async with stage.database.read() as session:
        assert {event.run_id for event in await Events(session).since(0)} == {other.run_id}
        with pytest.raises(NotFound):
            await Runs(session).get(record.run_id)


async def test_a_run_in_use_is_not_deleted(stage: Stage, play: Play) -> None:
    parent = await play(3)
    await stage.run(fork=Fork(parent.run_id, 2, Progress(2, "", (), {}, {})))
    with pytest.raises(WrongState, match="past of"):
        async with stage.database.session() as session:
            await Runs(session).delete(parent.run_id)
    playing = await stage.run()
    await stage.lease(playing)
    with pytest.raises(WrongState, match="being played"):
        async with stage.database.session() as session:
            await Runs(session).delete(playing)


# -- leases --------------------------------------------------------------------


async def test_one_process_at_a_time_holds_a_run(stage: Stage) -> None:
    run_id = await stage.run()
    assert await stage.lease(run_id, "one") == 1
    assert await stage.lease(run_id, "two") is None
    async with stage.database.session() as session:
        await Leases(session).release("two", [(run_id, 1)])
        await Leases(session).release("one", [(run_id, 1)])
    assert await stage.lease(run_id, "two") == 2


async def test_of_many_that_want_a_run_one_gets_it(stage: Stage) -> None:
    run_id = await stage.run()
    fences = await asyncio.gather(*(stage.lease(run_id, str(number)) for number in range(8)))
    assert sorted(fence for fence in fences if fence) == [1]


async def test_a_lease_that_ran_out_can_be_taken_and_is_not_renewed_then(stage: Stage) -> None:
    run_id, other = await stage.run(), await stage.run()
    assert await stage.lease(run_id, "one", timedelta(seconds=-1)) == 1
    assert await stage.lease(other, "one", timedelta(seconds=-1)) == 1
    assert await stage.lease(run_id, "two") == 2
    async with stage.database.session() as session:
        assert await Leases(session).renew("one", [run_id, other], timedelta(minutes=1)) == [other]
    assert await stage.lease(other, "two") is None, "a lease that ran out but was not taken can be renewed"


async def test_runs_that_a_dead_process_left_are_found(stage: Stage) -> None:
    held, left, new, ended, unwanted = [await stage.run() for _ in range(5)]
    for run_id, ttl in ((held, 60), (left, -1), (ended, -1), (unwanted, -1)):
        fence = await stage.lease(run_id, ttl=timedelta(seconds=ttl))
        assert fence
        record = RunRecord(stage.writer, run_id, fence)
        await record.commit([RunStarted(key="t0", turn=0, premise="", roles={})])
        if run_id == ended:
            await record.commit([RunCompleted(key="c", turn=0, outcome={})])
    async with stage.database.session() as session:
        await Runs(session).desire(unwanted, "pause")
        assert await DesiredStates(session).owners() == ["me"]
        ttl = timedelta(minutes=1)
        claims = Claims(session)
        assert [claim.run_id for claim in await claims.take("two", 2, ttl)] == [left, new]
        assert [claim.run_id for claim in await claims.take("two", 9, ttl)] == [unwanted]
        assert [claim.run_id for claim in await claims.take("two", 9, ttl, dead=["me"])] == [held]


# -- forks --------------------------------------------------------------------


async def test_a_fork_begins_where_it_leaves_its_parent(stage: Stage, play: Play) -> None:
    parent = await play(5)
    run_id = await stage.run(fork=Fork(parent.run_id, 3, Progress(3, "vote", ("mayor",), {"trust": 1}, {"tokens": 3})))
    async with stage.database.read() as session:
        run = await Runs(session).get(run_id)
    assert (run.parent_run_id, run.fork_turn, run.turn, run.last_seq) == (parent.run_id, 3, 3, 3)
    assert (run.phase, run.speakers, run.variables, run.usage) == ("vote", ["mayor"], {"trust": 1}, {"tokens": 3})
    record = await stage.record(run_id)
    await record.commit([utterance(4, "engineer", "otherwise")])
    async with stage.database.read() as session:
        assert [event.seq for event in await Events(session).read(run_id)] == [1, 2, 3, 4]
