"""A fork's past: which runs it came from, and up to which turn it shares what they recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.tables import RunRow
from pyscrai.lifecycle import LIFE_EVENTS

NOT_INHERITED = (*sorted(LIFE_EVENTS), "end_reached", "control", "report")
"""Kinds of event that belong to the one playing of a run, not to the play that a fork shares."""


DERIVED = ("memory_summarized", "reflection")
"""Kinds of event that are derived from what a role heard."""


@dataclass(frozen=True, slots=True)
class Remade:
    """Roles whose memory of what came from a turn on is made again: a message of that turn is changed in a run."""

    roles: tuple[str, ...]
    turn: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A run and the last turn of it that counts; None for all of it."""

    run_id: str
    upto_turn: int | None
    edited: tuple[str, str] | None = None
    """The key of one event before it, and what that says in this run: a fork may change one message."""
    remade: Remade | None = None
    """The derived memories of that message, which are no part of this run's past."""


async def lineage(session: AsyncSession, run_id: str) -> tuple[Segment, ...]:
    """The segments that make up a run's past and present, the oldest first, the run itself last."""
    segments: list[Segment] = []
    upto: int | None = None
    current: str | None = run_id
    while current is not None:
        found = (await session.execute(select(
            RunRow.parent_run_id, RunRow.fork_turn, RunRow.settings).where(RunRow.id == current))).one_or_none()
        message = ((found.settings or {}).get("edits") or {}).get("message") if found else None
        remade = Remade(tuple(message["remade"]), message["turn"]) if message and message.get("remade") else None
        segments.append(Segment(current, upto, (message["key"], message["text"]) if message else None, remade))
        current = found.parent_run_id if found else None
        if found and found.fork_turn is not None:
            upto = found.fork_turn if upto is None else min(upto, found.fork_turn)
    return tuple(reversed(segments))


MOST_RELATED = 1_000


async def family(session: AsyncSession, run_id: str) -> Sequence[RunRow]:
    """The first of a run's ancestors and all that was forked from it, in any number of steps; the oldest first."""
    up = select(RunRow.id, RunRow.parent_run_id).where(RunRow.id == run_id).cte("up", recursive=True)
    up = up.union(select(RunRow.id, RunRow.parent_run_id).join(up, RunRow.id == up.c.parent_run_id))
    down = select(up.c.id).where(up.c.parent_run_id.is_(None)).cte("down", recursive=True)
    down = down.union(select(RunRow.id).join(down, RunRow.parent_run_id == down.c.id))
    return (await session.scalars(select(RunRow).where(RunRow.id.in_(select(down.c.id))).order_by(RunRow.id)
                                  .limit(MOST_RELATED))).all()
