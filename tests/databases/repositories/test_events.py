from __future__ import annotations

from pyscrai.audience import heard
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.lineage import Segment, lineage
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Fork
from pyscrai.engines.ports.record import Progress
from pyscrai.events import Control, Inject, Measurement, Report, RunCompleted, RunStarted, VariableChanged
from tests.databases.conftest import Play, Stage, call, utterance


async def test_events_are_filtered(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([
        RunStarted(key="t0", turn=0, premise="", roles={}, source="run"),
        utterance(1), utterance(2, "engineer", audience=("mayor",)), utterance(3, audience=()),
        utterance(4, "under_score", audience=("a_b", "mayor_2")), Control(key="c", turn=4, action="pause", actor="ann"),
    ])
    async with stage.database.read() as session:
        events = Events(session)

        async def seqs(**filters: object) -> list[int]:
            return [event.seq for event in await events.read(record.run_id, **filters)]  # type: ignore[arg-type]

        assert await seqs() == [1, 2, 3, 4, 5, 6]
        assert await seqs(after_seq=2, before_seq=6) == [3, 4, 5]
        assert await seqs(kinds=["control", "run_started"]) == [1, 6]
        assert await seqs(sources=["mayor"]) == [2, 4]
        assert await seqs(from_turn=2, to_turn=3) == [3, 4]
        assert await seqs(limit=2) == [1, 2]
        assert await seqs(limit=2, newest=True) == [5, 6]
        assert await seqs(heard_by="mayor") == [1, 2, 3, 4], "to all, to it, and what it said itself to nobody"
        assert await seqs(heard_by="engineer") == [1, 2, 3]
        assert await seqs(heard_by="a_b") == [1, 2, 5]
        assert await seqs(heard_by="axb") == [1, 2], "a role's name is no pattern"
        assert await seqs(heard_by="mayo") == [1, 2]
        all_of_it = await events.read(record.run_id)
        assert await seqs(after_id=all_of_it[2].id) == [4, 5, 6]
        assert await seqs(after_id=0) == [1, 2, 3, 4, 5, 6]
        assert (await events.by_key(record.run_id, ["t1.mayor", "nothing"])).keys() == {"t1.mayor"}
        assert await events.newest_id() == all_of_it[-1].id
        assert await events.ids_since(all_of_it[3].id) == [event.id for event in all_of_it[4:]]


async def test_events_of_all_runs_are_read_on(stage: Stage, play: Play) -> None:
    async with stage.database.read() as session:
        assert await Events(session).newest_id() == 0
    first, second = await play(2), await play(3)
    async with stage.database.read() as session:
        everything = await Events(session).since(0)
        assert len(everything) == 5
        assert await Events(session).since(everything[1].id) == everything[2:]
        assert await Events(session).since(0, limit=2) == everything[:2]
        only = await Events(session).since(0, run_ids=[second.run_id])
        assert {event.run_id for event in only} == {second.run_id}
        assert len(only) == 3
    assert first.run_id != second.run_id


async def test_a_fork_of_a_fork_reads_the_whole_of_its_past(stage: Stage, play: Play) -> None:
    """Three generations; the youngest leaves its parent at a turn that the parent shares with the grandparent."""
    oldest = await play(6)
    await oldest.commit([Measurement(key="m", turn=2, measure="tone", value=3), Report(key="r", turn=2, markdown="#"),
                         RunCompleted(key="c", turn=2, outcome={})])
    middle = await stage.record(await stage.run(fork=Fork(oldest.run_id, 4, Progress(4, "", (), {}, {}))))
    await play(3, middle, first=5)
    youngest = await stage.record(await stage.run(fork=Fork(middle.run_id, 2, Progress(2, "", (), {}, {}))))
    await play(2, youngest, first=3)
    async with stage.database.read() as session:
        assert await lineage(session, youngest.run_id) == (
            Segment(oldest.run_id, 2), Segment(middle.run_id, 2), Segment(youngest.run_id, None))

        async def told(run_id: str) -> list[tuple[str, int]]:
            return [(event.run_id, event.turn) for event in await Events(session).read(run_id, kinds=["utterance"])]

        assert await told(middle.run_id) == [(oldest.run_id, turn) for turn in (1, 2, 3, 4)] + [
            (middle.run_id, turn) for turn in (5, 6, 7)]
        assert await told(youngest.run_id) == [(oldest.run_id, 1), (oldest.run_id, 2), (youngest.run_id, 3),
                                               (youngest.run_id, 4)]
        kinds = {event.kind for event in await Events(session).read(youngest.run_id)}
        assert kinds == {"utterance", "measurement"}, "the parent's end and report are its own"
        seqs = [event.seq for event in await Events(session).read(youngest.run_id)]
        assert seqs == sorted(set(seqs))
        assert [row.measure for row in await Measurements(session).read(youngest.run_id)] == ["tone"]
        assert [one.call.key.turn for one in await Calls(session).read(youngest.run_id)] == [1, 2, 3, 4]
        assert [one.call.key.turn for one in await Calls(session).read(youngest.run_id, inherited=False)] == [3, 4]
        assert [event.turn for event in await Events(session).read(youngest.run_id, inherited=False)] == [3, 4]
        assert [one.call.key.turn for one in await Calls(session).read(middle.run_id)] == [1, 2, 3, 4, 5, 6, 7]
        # To go on after an id of the shared past works too.
        past = await Events(session).read(youngest.run_id)
        assert await Events(session).read(youngest.run_id, after_id=past[1].id) == past[2:]


async def test_calls_are_filtered(stage: Stage) -> None:
    record = await stage.record()
    for turn in range(1, 5):
        record.note(call(turn, ("mayor", "engineer")[turn % 2]))
        record.note(call(turn, ("mayor", "engineer")[turn % 2], "again", ordinal=1))
        await record.commit([])
    async with stage.database.read() as session:
        calls = Calls(session)
        every = await calls.read(record.run_id)
        assert [one.call.key.turn for one in every] == [1, 1, 2, 2, 3, 3, 4, 4]
        assert [one.call.key.turn for one in await calls.read(record.run_id, roles=["mayor"])] == [2, 2, 4, 4]
        assert [one.call.key.turn for one in await calls.read(record.run_id, from_turn=2, to_turn=3)] == [2, 2, 3, 3]
        assert await calls.read(record.run_id, after_id=every[5].id) == every[6:]
        assert await calls.read(record.run_id, limit=3) == every[:3]
        assert await calls.read(record.run_id, purposes=["report"]) == []
        assert await calls.get(every[3].id) == every[3]
        assert await calls.get(10**9) is None


async def test_what_a_role_hears_is_what_the_one_function_says(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([
        RunStarted(key="t0", turn=0, premise="Premise.", roles={}, source="run", parameters={"murderer": "ann"}),
        Inject(key="c1.1", turn=1, source="bob", text="I saw you.", origin="kim", audience=("ann",)),
        Control(key="c1", turn=1, source="bob", action="inject", actor="bob", arguments={"set": {"hidden": 7}}),
        VariableChanged(key="c1.2", turn=1, source="bob", variable="hidden", old=1, new=7, cause="bob injects"),
        utterance(1, "bob", audience=("ann",)), utterance(2, "ann", audience=("bob",)),
        utterance(3, "cat", audience=())])
    async with stage.database.read() as session:
        everything = await Events(session).read(record.run_id)
        for role in ("ann", "bob", "cat"):
            found = await Events(session).read(record.run_id, heard_by=role)
            assert [event.seq for event in found] == [event.seq for event in everything if heard(
                role, kind=event.kind, audience=event.audience, source=event.source)]
            assert found[0].payload == {"premise": "Premise.", "roles": {}}
        assert [event.key for event in await Events(session).read(record.run_id, heard_by="bob")] == [
            "t0", "t1.bob", "t2.ann"]
    assert everything[0].payload["parameters"] == {"murderer": "ann"}
