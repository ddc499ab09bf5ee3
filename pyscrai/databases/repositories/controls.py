"""What people put into a run, from its arrival until a turn has taken it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import ControlRow, RunRow
from pyscrai.errors import no_run
from pyscrai.lifecycle import FINAL


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its number, from which the keys of its events are made.

    A run's commands are counted from 1, those of a fork from where the past that it shares ends: what else the
    database holds must not show in keys, since models are asked about them.
    """

    number: int
    row: ControlRow


class Controls:
    """The commands that wait for a run, and those that its turns took."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, run_id: str, kind: str, payload: Mapping[str, Any], *, actor: str) -> Command:
        """Let a command wait for the run's next turn. Whoever plays the run sees it at its next commit.

        Raises:
            NotFound: there is no such run.
        """
        counted: Any = await self._session.execute(update(RunRow).where(RunRow.id == run_id).values(
            controls_waiting=RunRow.controls_waiting + 1))
        if not counted.rowcount:
            raise no_run(run_id)
        control = ControlRow(run_id=run_id, kind=kind, payload=dict(payload), actor=actor)
        self._session.add(control)
        await self._session.flush()
        return next(command for command in await self.numbered(run_id) if command.row.id == control.id)

    async def take(self, run_id: str, turn: int) -> Sequence[Command]:
        """Give all that wait to this turn; what the turn has now, and had before, in the order of arrival."""
        moment = now()
        # The run first, as ``add`` does: in this order the two never wait for each other.
        await self._session.execute(update(RunRow).where(RunRow.id == run_id).values(controls_waiting=0))
        await self._session.execute(
            update(ControlRow).where(ControlRow.run_id == run_id, ControlRow.turn.is_(None))
            .values(turn=turn, applied_at=moment), execution_options={"synchronize_session": False})
        return [command for command in await self.numbered(run_id) if command.row.turn == turn]

    async def refuse_waiting(self, run_id: str) -> Sequence[Command]:
        """The controls that wait for a run which will have no more turns; they wait no longer."""
        waiting = await self._session.execute(update(RunRow).where(
            RunRow.id == run_id, RunRow.controls_waiting > 0).values(controls_waiting=0).returning(RunRow.id))
        if waiting.first() is None:
            return ()
        return [command for command in await self.numbered(run_id) if command.row.turn is None]

    async def ended_runs(self) -> Sequence[str]:
        """Runs that have ended for good and for which controls still wait."""
        return (await self._session.scalars(select(RunRow.id).where(
            RunRow.status.in_(FINAL), RunRow.controls_waiting > 0))).all()

    async def numbered(self, run_id: str) -> Sequence[Command]:
        """All commands that a run was ever given, in the order of arrival, with their numbers."""
        settings = await self._session.scalar(select(RunRow.settings).where(RunRow.id == run_id))
        before = (settings or {}).get("commands_before")   # of runs of earlier versions the row's id is the number
        return [Command(row.id if before is None else before + place, row)
                for place, row in enumerate(await self.list(run_id), start=1)]

    async def list(self, *run_ids: str) -> Sequence[ControlRow]:
        """All commands that runs were ever given, in the order of arrival."""
        return (await self._session.scalars(
            select(ControlRow).where(ControlRow.run_id.in_(run_ids)).order_by(ControlRow.id))).all()
