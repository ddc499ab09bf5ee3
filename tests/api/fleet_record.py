"""What must hold of the record of a fleet's runs, whatever was done to its workers."""

from __future__ import annotations

from collections import Counter

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.services import Services
from tests.api.chaos import Answers, fingerprint


async def check(services: Services, run_ids: list[str], answers: Answers, *, in_flight: int) -> Counter[str]:
    """Every run has ended, its log is whole, and no recorded call was asked again."""
    statuses: Counter[str] = Counter()
    recorded = 0
    async with services.database.read() as session:
        for run_id in run_ids:
            row = await Runs(session).get(run_id)
            statuses[row.status] += 1
            events = await Events(session).read(run_id)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert len({event.key for event in events}) == len(events)
            spoken = sorted(event.turn for event in events if event.kind in ("utterance", "turn_skipped"))
            assert spoken == list(range(1, row.turn + 1))
            calls = [stored.call for stored in await Calls(session).read(run_id)]
            assert len({call.key for call in calls}) == len(calls)
            recorded += len(calls) + sum(len(call.attempts) for call in calls)
            for call in calls:
                body = {"messages": [{"role": message.role, "content": message.content}
                                     for message in call.request.messages], "seed": call.request.seed}
                assert fingerprint(body) in answers.asked
    asked = sum(map(len, answers.asked.values()))
    print(f"{asked} requests, {recorded} recorded tries, {in_flight} in flight at kills")
    assert asked <= recorded + in_flight, f"{asked} requests for {recorded} recorded tries, {in_flight} in flight"
    return statuses


async def assert_none_asked_again(services: Services, run_ids: list[str], answers: Answers) -> None:
    """No request came after its answer had been recorded."""
    async with services.database.read() as session:
        for run_id in run_ids:
            for stored in await Calls(session).read(run_id):
                request, recorded = stored.call.request, stored.created_at.timestamp()
                body = {"messages": [{"role": message.role, "content": message.content}
                                     for message in request.messages], "seed": request.seed}
                late = [when - recorded for when in answers.asked[fingerprint(body)] if when > recorded + 0.005]
                assert stored.call.reply is None or not late, f"{run_id}: {stored.call.key} was asked again {late}"
