"""The commands of people for one superstep: taken once for all roles that act in it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
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

    async def enter(self, turn: int, *, alone: bool) -> tuple[Commands, bool]:
        """Begin a role's work; ``leave`` ends it, also where this failed.

        Args:
            turn: the first turn of the superstep.
            alone: nobody else acts in it, so that the commands are shared with nobody.

        Returns:
            The superstep's commands, and whether this role is to record them.
        """
        if self._inbox is None:
            return (), False
        if alone:
            return await self._inbox.take(turn), True
        taken = self._open.get(turn)
        if taken is None:
            taken = self._open[turn] = _Taken()
        taken.roles += 1
        async with taken.lock:
            records = taken.commands is None
            if taken.commands is None:
                taken.commands = await self._inbox.take(turn)
        return taken.commands, records

    def leave(self, turn: int) -> None:
        """End a role's work of the superstep."""
        if (taken := self._open.get(turn)) is not None:
            taken.roles -= 1
            if not taken.roles:
                del self._open[turn]  # whoever acts again, after a person was waited for, looks again
