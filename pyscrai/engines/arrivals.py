"""The commands of people for one superstep: taken once for all roles that act in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pyscrai.engines.ports.record import Inbox

Commands = Sequence[Mapping[str, Any]]


@dataclass
class _Taken:
    commands: Commands | None = None
    roles: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


UNHEARD = "unheard"
"""The field of a replay's command with the keys of the turns that were over when it was taken."""


def heard_in(commands: Commands, key: str) -> Commands:
    """The commands that the turn with this event key hears: in a replay not those that came after it."""
    return [command for command in commands if key not in command.get(UNHEARD, ())]


class Arrivals:
    """The commands of each superstep: in a round of all at once every speaker hears the same."""

    def __init__(self, inbox: Inbox | None) -> None:
        self._inbox = inbox
        self._open: dict[int, _Taken] = {}

    @asynccontextmanager
    async def of_turn(self, turn: int) -> AsyncIterator[tuple[Commands, bool]]:
        """The commands for the superstep whose first turn is ``turn``, and whether this role is to record them."""
        if self._inbox is None:
            yield (), False
            return
        taken = self._open.setdefault(turn, _Taken())
        taken.roles += 1
        try:
            async with taken.lock:
                records = taken.commands is None
                if taken.commands is None:
                    taken.commands = await self._inbox.take(turn)
            yield taken.commands, records
        finally:
            taken.roles -= 1
            if not taken.roles:
                self._open.pop(turn, None)  # whoever acts again, after a person was waited for, looks again
