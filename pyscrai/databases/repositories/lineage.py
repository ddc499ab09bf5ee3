"""A fork's past: which runs it came from, and up to which turn it shares what they recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.tables import RunRow
from pyscrai.lifecycle import LIFE_EVENTS

NOT_INHERITED = (*sorted(LIFE_EVENTS), "end_reached", "control", "report")
"""Kinds of event that belong to the one playing of a run, not to the play that a fork shares."""

MEMORIES = ("memory_summarized", "reflection")
"""Kinds of event in which a role says what it made of what it heard."""

LOOKS = ("assessment", "verdict")
"""Kinds of event in which an Analyst says what it found in what it heard; some of its measurements are others."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Events of an ancestor that are no part of a run's past: they were derived from a message that it changes."""

    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    from_turn: int
    measures: tuple[str, ...] = ()
    """Of measurements only those of these names."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run and the last turn of it that counts; None for all of it."""

    run_id: str
    upto_turn: int | None
    edited: tuple[str, str] | None = None
    """The key of one event before it, and what that says in this run: a fork may change one message."""
    left_out: tuple[LeftOut, ...] = ()
    """Of all that came before it, what was derived from that message."""


async def lineage(session: AsyncSession, run_id: str) -> tuple[Segment, ...]:
    """The segments that make up a run's past and present, the oldest first, the run itself last."""
    segments: list[Segment] = []
    upto: int | None = None
    current: str | None = run_id
    while current is not None:
        found = (await session.execute(select(
            RunRow.parent_run_id, RunRow.fork_turn, RunRow.settings).where(RunRow.id == current))).one_or_none()
        message = ((found.settings or {}).get("edits") or {}).get("message") if found else None
        segments.append(Segment(current, upto) if found is None or not message else Segment(
            current, upto, (message["key"], message["text"]), _left_out(message, found.fork_turn)))
        current = found.parent_run_id if found else None
        if found and found.fork_turn is not None:
            upto = found.fork_turn if upto is None else min(upto, found.fork_turn)
    return tuple(reversed(segments))


def _left_out(message: Mapping[str, Any], fork_turn: int) -> tuple[LeftOut, ...]:
    """The rules of a fork's changed message: its record says who made a memory, a look or a choice of it."""
    found = []
    if remade := message.get("remade"):
        found.append(LeftOut(MEMORIES, tuple(remade), message["turn"]))
    if retaken := message.get("retaken"):
        found.append(LeftOut(LOOKS, tuple(retaken["by"]), message["turn"]))
        found.append(LeftOut(("measurement",), tuple(retaken["by"]), message["turn"], tuple(retaken["measures"])))
    if moderator := message.get("chosen_again"):
        found.append(LeftOut(("speaker_chosen",), (moderator,), fork_turn))
    return tuple(found)


def without(rules: Iterable[LeftOut], kind: SQLColumnExpression[Any], source: SQLColumnExpression[Any],
            turn: SQLColumnExpression[Any], measure: SQLColumnExpression[Any]) -> list[ColumnElement[bool]]:
    """The conditions for rows that no rule leaves out."""
    return [not_(and_(kind.in_(rule.kinds), source.in_(rule.sources), turn >= rule.from_turn,
                      *([measure.in_(rule.measures)] if "measurement" in rule.kinds else []))) for rule in rules]


MOST_RELATED = 1_000


async def family(session: AsyncSession, run_id: str) -> Sequence[RunRow]:
    """The first of a run's ancestors and all that was forked from it, in any number of steps; the oldest first."""
    up = select(RunRow.id, RunRow.parent_run_id).where(RunRow.id == run_id).cte("up", recursive=True)
    up = up.union(select(RunRow.id, RunRow.parent_run_id).join(up, RunRow.id == up.c.parent_run_id))
    down = select(up.c.id).where(up.c.parent_run_id.is_(None)).cte("down", recursive=True)
    down = down.union(select(RunRow.id).join(down, RunRow.parent_run_id == down.c.id))
    return (await session.scalars(select(RunRow).where(RunRow.id.in_(select(down.c.id))).order_by(RunRow.id)
                                  .limit(MOST_RELATED))).all()
