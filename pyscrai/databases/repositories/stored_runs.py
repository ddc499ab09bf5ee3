"""All that is stored of runs and that playing on needs, for many of them in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
    cast: Sequence[AgentInstanceRow] = ()
    """Empty where it need not be read."""
    calls: Sequence[CallRecord] = ()
    controls: Sequence[ControlRow] = ()


async def read_runs(session: AsyncSession, run_ids: Collection[str], *, rows: Mapping[str, RunRow] | None = None,
                    cast_known: Collection[str] = ()) -> Mapping[str, StoredRun]:
    """The stored runs of these ids, as far as they are there.

    Args:
        rows: the rows of some of them, read already.
        cast_known: runs whose cast need not be read.
    """
    rows = dict(rows or {})
    if missing := [run_id for run_id in run_ids if run_id not in rows]:
        rows |= {row.id: row for row in await Runs(session).some(missing)}
    begun = [row for row in rows.values() if has_begun(row)]
    casts: dict[str, list[AgentInstanceRow]] = defaultdict(list)
    if wanted := {*rows} - {*cast_known} | {row.id for row in begun}:
        for member in await session.scalars(select(AgentInstanceRow).where(AgentInstanceRow.run_id.in_(wanted))
                                            .order_by(AgentInstanceRow.run_id, AgentInstanceRow.position)):
            casts[member.run_id].append(member)
    found = {run_id: StoredRun(row, casts[run_id]) for run_id, row in rows.items()}
    controls: dict[str, list[ControlRow]] = defaultdict(list)
    if begun:
        for control in await Controls(session).list(*(row.id for row in begun)):
            controls[control.run_id].append(control)
    for row in begun:
        recorded = await Calls(session).read(row.id, inherited=False, from_turn=row.turn - turns_again(
            len(casts[row.id]))) if row.last_seq else ()
        found[row.id] = StoredRun(row, casts[row.id], [one.call for one in recorded], controls[row.id])
    return found


def has_begun(row: RunRow) -> bool:
    """Whether anything was recorded of a run, or waits for it."""
    return bool(row.last_seq or row.controls_waiting)


def turns_again(roles: int) -> int:
    """The number of last turns whose calls may be asked for again.

    A superstep may hold a turn of each role, and no more than the last two can be played again.
    """
    return 2 * roles + 4
