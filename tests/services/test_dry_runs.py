"""A dry run plays to its end, whoever listens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pyscrai.events import Event
from pyscrai.services.dry_runs import dry_run
from tests.engines.playing import scenario


async def test_what_a_listener_raises_is_raised_after_the_play() -> None:
    heard: list[Event] = []

    def hear(events: Sequence[Event]) -> None:
        heard.extend(events)
        if len(heard) > 2:
            raise BrokenPipeError

    def nobody(name: str) -> None:
        raise LookupError(name)

    result, events = await dry_run(scenario(), nobody)  # type: ignore[arg-type]
    assert result.status == "completed"
    with pytest.raises(BrokenPipeError):
        await dry_run(scenario(), nobody, hear=hear)  # type: ignore[arg-type]
    assert heard == events[:len(heard)]
