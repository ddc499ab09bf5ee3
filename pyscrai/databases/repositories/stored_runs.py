"""All that is stored of runs and that playing on needs, for many of them in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import AgentInstanceRow, ControlRow, RunRow
from pyscrai.engines.ports.record import CallRecord


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it was left: its row, its cast in the template's order, and what its last turns may ask for again."""

    row: RunRow
    cast: Sequence[AgentInstanceRow]
    calls: Sequence[CallRecord] = ()
    controls: Sequence[ControlRow] = ()

    @property
    def keep_turns(self) -> int:
        """A superstep may hold a turn of each role, and no more than the last two can be played again."""
        return 2 * len(self.cast) + 4


async def read_runs(session: AsyncSession, run_ids: Sequence[str]) -> Mapping[str, StoredRun]:
    """The stored runs of these ids, as far as they are there."""
    rows = await Runs(session).some(run_ids)
    casts: dict[str, list[AgentInstanceRow]] = defaultdict(list)
    for member in await session.scalars(select(AgentInstanceRow).where(AgentInstanceRow.run_id.in_(run_ids)).order_by(
            AgentInstanceRow.run_id, AgentInstanceRow.position)):
        casts[member.run_id].append(member)
    found = {row.id: StoredRun(row, casts[row.id]) for row in rows}
    controls: dict[str, list[ControlRow]] = defaultdict(list)
    if begun := [row.id for row in rows if row.last_seq or row.controls_waiting]:
        for control in await Controls(session).list(*begun):
            controls[control.run_id].append(control)
    for run_id in begun:
        row, cast = found[run_id].row, found[run_id].cast
        recorded = await Calls(session).read(run_id, inherited=False, from_turn=row.turn - found[run_id].keep_turns
                                             ) if row.last_seq else ()
        found[run_id] = StoredRun(row, cast, [one.call for one in recorded], controls[run_id])
    return found
