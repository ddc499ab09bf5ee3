"""Many who ask are answered together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from pyscrai.databases.coalescer import Together
from pyscrai.errors import StorageError


class Work:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, asked: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(asked))
        await asyncio.sleep(0)
        if 99 in asked:
            raise OSError("the disk is full")
        return [ValueError(str(number)) if number < 0 else number * 10 for number in asked]


async def test_who_asks_at_once_shares_the_work_and_gets_an_answer_of_ones_own() -> None:
    work = Work()
    ask = Together(work, most=3)
    assert await asyncio.gather(*map(ask, range(7))) == [0, 10, 20, 30, 40, 50, 60]
    assert work.batches == [[0, 1, 2], [3, 4, 5], [6]]
    assert await ask(8) == 80


async def test_who_asks_while_work_is_under_way_is_answered_by_the_next() -> None:
    work = Work()
    ask = Together(work)
    first = ask(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await ask(2) == 20
    assert await first == 10
    assert work.batches == [[1], [2]]


async def test_an_answer_that_is_an_error_is_raised_for_its_asker_alone() -> None:
    found = await asyncio.gather(*map(Together(Work()), (1, -2, 3)), return_exceptions=True)
    assert (found[0], found[2]) == (10, 30)
    assert isinstance(found[1], ValueError)


async def test_a_question_that_breaks_the_work_breaks_it_for_its_asker_alone() -> None:
    ask = Together(Work())
    found = await asyncio.gather(ask(99), ask(1), return_exceptions=True)
    assert type(found[0]) is OSError
    assert found[1] == 10
    assert await ask(2) == 20


async def test_an_outage_is_told_to_all_at_once() -> None:
    tries = []

    async def away(asked: Sequence[int]) -> Sequence[int]:
        tries.append(asked)
        raise StorageError("gone", code="storage.unreachable")

    found = await asyncio.gather(*map(Together(away), (1, 2, 3)), return_exceptions=True)
    assert [type(one) for one in found] == [StorageError] * 3
    assert len(tries) == 1


async def test_work_that_answers_too_few_leaves_nobody_waiting() -> None:
    async def none(asked: Sequence[int]) -> Sequence[int]:
        return []

    async with asyncio.timeout(30):
        found = await asyncio.gather(*map(Together(none), (1, 2)), return_exceptions=True)
    assert [type(one) for one in found] == [RuntimeError] * 2


async def test_who_is_cancelled_takes_nobody_along() -> None:
    ask = Together(Work())

    async def asking(number: int) -> int:
        return await ask(number)

    gone, there = asyncio.create_task(asking(1)), asyncio.create_task(asking(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await there == 20
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_who_serves_all_has_nothing_of_who_asked_first() -> None:
    asker: ContextVar[str] = ContextVar("asker", default="nobody")

    async def work(asked: Sequence[int]) -> Sequence[str]:
        return [asker.get()] * len(asked)

    asker.set("the first")
    assert await Together(work, most=3)(1) == "nobody"
