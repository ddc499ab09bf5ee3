"""What every inbox does: commands wait until a turn takes them, and stay that turn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.conformance.conftest import Recording


def texts(commands: Sequence[Mapping[str, Any]]) -> list[str]:
    assert all({"id", "kind", "actor", "payload"} <= set(command) for command in commands)
    return [command["payload"]["text"] for command in commands]


async def test_nothing_waits_at_first(recording: Recording) -> None:
    assert list(await recording.inbox.take(1)) == []


async def test_a_turn_takes_what_waits_in_the_order_of_its_arrival(recording: Recording) -> None:
    await recording.put("one")
    await recording.put("two")
    assert texts(await recording.inbox.take(3)) == ["one", "two"]
    assert list(await recording.inbox.take(4)) == []
    await recording.put("three")
    assert texts(await recording.inbox.take(5)) == ["three"]


async def test_a_turn_that_is_played_again_takes_the_same_again(recording: Recording) -> None:
    await recording.put("one")
    assert texts(await recording.inbox.take(3)) == ["one"]
    assert texts(await recording.inbox.take(3)) == ["one"]
    again = await recording.reopen()
    assert texts(await again.inbox.take(3)) == ["one"]
    assert list(await again.inbox.take(4)) == []


async def test_what_arrived_while_nobody_played_is_found(recording: Recording) -> None:
    await recording.put("one")
    again = await recording.reopen()
    assert texts(await again.inbox.take(2)) == ["one"]
