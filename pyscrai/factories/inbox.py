"""The inbox of a run in the database: commands that wait for its next turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.databases.record import RunRecord
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.session import Database


class StoredInbox:
    """Gives a turn the commands that waited for it; the same ones if the turn is played again.

    The run's record learns with each commit whether any wait, so that turns without commands cost no look-up.
    """

    def __init__(self, database: Database, record: RunRecord) -> None:
        self._database, self._record = database, record
        self._first = True

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        if not self._first and not self._record.controls_waiting:
            return ()
        self._first = False
        async with self._database.session() as session:
            return await Controls(session).take(self._record.run_id, turn)
