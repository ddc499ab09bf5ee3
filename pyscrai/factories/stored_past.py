"""A run's log as its roles' memories are made from again."""

from __future__ import annotations

from collections.abc import Sequence

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.events import Events
from pyscrai.events import Event

REMEMBERED = ("utterance", "action", "inject", "tool_called", "tool_refused", "phase_entered", "reflection")
"""Kinds of events that memories are made from."""


class StoredPast:
    """Reads a run's past back from the database, a fork's shared past included."""

    def __init__(self, database: Database, run_id: str) -> None:
        self._database, self._run_id = database, run_id

    async def history(self, *, after_turn: int = -1, upto_turn: int) -> Sequence[Event]:
        found = await self._database.reading(lambda session: Events(session).read(
            self._run_id, kinds=REMEMBERED, from_turn=after_turn + 1, to_turn=upto_turn))
        return [stored.event for stored in found]
