"""What is to be written waits for what it leads to, in an idle loop and in a busy one."""

from __future__ import annotations

import asyncio
import time

from pyscrai.databases.linger import MOMENT, Linger


async def test_it_is_over_soon_in_an_idle_loop_and_can_begin_again() -> None:
    calls: list[float] = []
    linger = Linger(lambda: calls.append(time.monotonic()))
    for number in (1, 2):
        begun = time.monotonic()
        linger.begin()
        linger.begin()
        async with asyncio.timeout(30):
            while len(calls) < number:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert calls[-1] - begun >= 0.9 * MOMENT
    await asyncio.sleep(2 * MOMENT)
    assert len(calls) == 2, "begun twice, it calls once"


async def test_what_was_ended_is_not_called() -> None:
    calls: list[int] = []
    linger = Linger(lambda: calls.append(1))
    linger.begin()
    linger.end()
    linger.end()
    await asyncio.sleep(3 * MOMENT)
    assert calls == []


def other_runs() -> None:
    time.sleep(1.5 * MOMENT)


async def test_a_busy_loop_gets_through_the_end_of_a_turn_first() -> None:
    """Each round of the loop takes longer than the moment, and the end of the turn takes several rounds."""
    calls: list[str] = []
    linger = Linger(lambda: calls.append("alone"))
    linger.begin()
    for _ in range(8):
        other_runs()
        await asyncio.sleep(0)
    calls.append("together")
    linger.end()
    assert calls == ["together"]
