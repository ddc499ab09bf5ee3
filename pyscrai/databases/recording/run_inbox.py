"""The engines' ``Inbox`` over the database: one look at it for a turn in which something arrived, none otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.databases.database import Database
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.tables import ControlRow


class RunInbox:
    """What arrives for one run.

    Each commit of the record tells how many commands wait, so a turn for which none does costs nothing. A command
    that comes between a commit and the next turn is seen at the turn after.

    Args:
        taken: the commands that the run was given before: a turn that is played again takes them again.
    """

    def __init__(self, database: Database, record: RunRecord, taken: Sequence[ControlRow] = ()) -> None:
        self._database, self._record = database, record
        self._taken = {control.turn for control in taken if control.turn is not None}
        self._awake = any(control.turn is None for control in taken)

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        if not (self._awake or self._record.controls_waiting or turn in self._taken):
            return ()
        commands = await self._database.writing(lambda session: Controls(session).take(self._record.run_id, turn))
        self._awake = False
        self._record.controls_waiting = 0
        if commands:
            self._taken.add(turn)
        return [{"id": command.number, "kind": command.row.kind, "actor": command.row.actor,
                 "payload": command.row.payload} for command in commands]
