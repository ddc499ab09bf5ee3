"""The limits of a model are divided among processes: never more in all than there is, and nothing is left unused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyscrai.databases.columns import now
from pyscrai.databases.database import Database
from pyscrai.databases.fleet_tables import ModelLimitRow
from pyscrai.databases.repositories.model_limits import LimitShare, ModelLimits, level

TTL = timedelta(seconds=30)


async def lease(database: Database, worker: str, wanted: int, *, in_use: int = 0, refused: bool = False,
                total: int = 20, ttl: timedelta = TTL) -> LimitShare:
    async with database.session() as session:
        return await ModelLimits(session).lease("gpt", worker, total, in_use=in_use, wanted=wanted, refused=refused,
                                                ttl=ttl)


async def test_one_grows_by_what_the_others_gave_back(database: Database) -> None:
    assert (await lease(database, "one", 50)).slots == 20
    assert (await lease(database, "two", 50)).slots == 0
    # The first one still has calls under way: they are not taken back, but it gives what it can.
    # It begins none, though, that would keep what is due to the other.
    part = await lease(database, "one", 50, in_use=15)
    assert (part.slots, part.held, part.gave_back) == (10, 15, True)
    part = await lease(database, "two", 50)
    assert (part.slots, part.held, part.unmet) == (5, 5, True)
    part = await lease(database, "one", 50, in_use=8)
    assert (part.slots, part.held, part.gave_back) == (10, 10, True)
    part = await lease(database, "two", 50, in_use=5)
    assert (part.slots, part.unmet) == (10, False)
    assert (await lease(database, "one", 2, in_use=2)).slots == 2
    part = await lease(database, "two", 50, in_use=10)
    assert (part.slots, part.share) == (18, 0.9)


async def test_what_nobody_wants_waits_with_those_that_want_something(database: Database) -> None:
    assert (await lease(database, "idle", 0)).slots == 0
    assert (await lease(database, "one", 3)).slots == 20
    assert (await lease(database, "two", 3)).slots == 0
    assert (await lease(database, "one", 3)).slots == 10, "an even part of what is left, beside what it wants"
    assert (await lease(database, "two", 3)).slots == 10


async def test_where_there_are_fewer_slots_than_processes_each_gets_its_turn() -> None:
    turns = [level(dict.fromkeys("abc", 5), 1, turn=turn) for turn in range(3)]
    assert [name for given_ in turns for name, count in given_.items() if count] == ["a", "b", "c"]


async def test_a_dead_ones_part_comes_back_with_its_lease(database: Database) -> None:
    await lease(database, "dead", 50, ttl=timedelta(seconds=-1))
    assert (await lease(database, "two", 50)).slots == 20


async def test_a_refusal_cuts_for_all_and_passes(database: Database) -> None:
    assert (await lease(database, "one", 50, refused=True)).factor == pytest.approx(0.8)
    assert (await lease(database, "two", 50, refused=True)).factor == pytest.approx(0.8), "it was under way already"
    assert (await lease(database, "two", 50)).slots == 0
    assert (await lease(database, "one", 4)).slots == 4
    assert (await lease(database, "two", 50)).slots == 12
    for _ in range(3):
        async with database.session() as session:
            row = await session.get_one(ModelLimitRow, "gpt")
            row.changed_at = now() - timedelta(seconds=6)
        part = await lease(database, "two", 50)
    assert part.factor == 1.0
    assert part.slots == 16


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=1), st.integers(0, 30)), st.integers(0, 60))
def test_nobody_gets_more_than_it_wants_nor_less_than_another(wanted: dict[str, int], total: int) -> None:
    given_ = level(wanted, total)
    asking = [name for name in wanted if wanted[name]]
    assert sum(given_.values()) == (total if asking else 0)
    assert not any(given_[name] for name in wanted if name not in asking)
    for name in asking:
        if given_[name] < wanted[name]:
            assert all(given_[other] <= given_[name] + 1 for other in wanted)
    if total >= sum(wanted.values()):
        assert all(given_[name] >= wanted[name] for name in wanted)
