"""Bounds that change while calls wait for them."""

from __future__ import annotations

import asyncio

import pytest

from pyscrai.llm.slots import Slots, Window


async def hold(slots: Slots, gate: asyncio.Event, order: list[int], number: int) -> None:
    async with slots:
        order.append(number)
        await gate.wait()


async def test_calls_wait_in_their_order_and_a_new_bound_lets_them_in() -> None:
    slots, gate, order = Slots(2), asyncio.Event(), list[int]()
    tasks = [asyncio.create_task(hold(slots, gate, order, number)) for number in range(6)]
    await asyncio.sleep(0)
    assert (order, slots.in_use, slots.wanted, slots.wants.is_set()) == ([0, 1], 2, 6, True)
    slots.set(4)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == [0, 1, 2, 3]
    slots.set(1)
    gate.set()
    await asyncio.gather(*tasks)
    assert order == list(range(6))
    assert slots.in_use == 0
    slots.set(None)
    async with slots, slots, slots:
        assert slots.in_use == 3


async def test_who_is_cancelled_gives_its_place_back() -> None:
    slots, gate, order = Slots(1), asyncio.Event(), list[int]()
    tasks = [asyncio.create_task(hold(slots, gate, order, number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[0].cancel()  # the second has not been let in yet when it is cancelled, the third takes the place
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == [0, 2]
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert slots.in_use == 0
    assert slots.wanted == 0


async def test_a_window_opens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyscrai.llm.slots.MINUTE", 0.2)
    window, clock = Window(3), asyncio.get_running_loop().time
    begun = clock()
    await asyncio.gather(*(window.take() for _ in range(6)))
    assert 0.2 <= clock() - begun < 30, "a real minute is longer"


async def test_who_divides_slots_is_called_for_what_is_new_alone() -> None:
    slots, gate, order = Slots(1), asyncio.Event(), list[int]()
    slots.set(1, told=1)
    tasks = [asyncio.create_task(hold(slots, gate, order, number)) for number in range(3)]
    await asyncio.sleep(0)
    assert slots.wants.is_set(), "a call waits that was not told of"
    assert (slots.demand(), slots.wanted) == (3, 3)
    slots.wants.clear()
    slots.set(1, told=3)
    tasks.append(asyncio.create_task(hold(slots, gate, order, 3)))
    await asyncio.sleep(0)
    assert not slots.wants.is_set(), "more than is given was told already"
    slots.set(0, told=4, held=1)
    gate.set()
    await tasks[0]
    assert slots.wants.is_set(), "a slot that is to go back became free"
    assert order == [0]
    slots.set(5, until=asyncio.get_running_loop().time() - 1)
    await asyncio.sleep(0)
    assert order == [0], "a lease that ran out lets nobody in"
    slots.set(5)
    await asyncio.gather(*tasks)
    assert slots.demand() == 4, "the most since it was asked last"
    assert slots.demand() == 0


async def test_a_call_that_is_larger_than_the_window_begins_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    window, clock = Window(100), asyncio.get_running_loop().time
    begun = clock()
    async with asyncio.timeout(30):  # half a minute: what was counted too much is given back
        first = await window.take(500)
        window.settle(first, 90)
        await window.take(10)
    monkeypatch.setattr("pyscrai.llm.slots.MINUTE", 0.2)
    await window.take(500)
    assert clock() - begun >= 0.2
    window.limit = 0.0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await window.take(1)
