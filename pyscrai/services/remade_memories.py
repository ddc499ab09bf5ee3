"""The memories of roles that heard a message which a fork changes: what was derived from it is made again.

A summary goes back to the one before the message, and what came after it is folded again at the role's next turn; so
do the conclusions that the role drew. What the parent's log says of them is no part of the fork's past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.audience import hears
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.line import lines_of
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Line
from pyscrai.engines.view import known_lines
from pyscrai.factories.stored_past import REMEMBERED


async def remake(session: AsyncSession, run_id: str, plan: Plan, memories: Mapping[str, Mapping[str, Any]], line: Line,
                 upto: int) -> dict[str, dict[str, Any]]:
    """The new memories of the roles whose memory has something that was derived from a line.

    Args:
        run_id: whose log has the past.
        memories: the roles' entries in the state.
        line: the line that is changed.
        upto: the last turn that the fork shares.
    """
    derived = await Events(session).read(run_id, kinds=("memory_summarized", "reflection"))
    remade: dict[str, dict[str, Any]] = {}
    for role, memory in memories.items():
        if role not in plan.cast or not hears(role, audience=line["audience"], speaker=line["speaker"]):
            continue
        own = [event for event in derived if event.source == role and event.turn <= upto]
        changed = dict(memory)
        if memory.get("summary") and memory.get("after", -1) >= line["turn"]:
            _before_the_summary(changed, own, line["turn"])
        if memory.get("reflected", -1) >= line["turn"]:
            _before_the_conclusions(changed, own, line["turn"])
        if changed != memory:
            if "kept" in changed:
                changed["kept"] = await _kept(session, run_id, plan, role, changed.get("after", -1))
            remade[role] = changed
    return remade


def _before_the_summary(memory: dict[str, Any], own: Sequence[StoredEvent], turn: int) -> None:
    summaries = [event.payload for event in own if event.kind == "memory_summarized"]
    earlier = [payload for payload in summaries if payload["upto_turn"] < turn]
    for name in ("summary", "after"):
        memory.pop(name, None)
    if earlier:
        memory.update(summary=earlier[-1]["summary"], after=earlier[-1]["upto_turn"])


def _before_the_conclusions(memory: dict[str, Any], own: Sequence[StoredEvent], turn: int) -> None:
    earlier = [event for event in own if event.kind == "reflection" and event.turn < turn]
    for name in ("insights", "reflected"):
        memory.pop(name, None)
    if earlier:
        memory.update(insights=list(earlier[-1].payload["insights"]), reflected=earlier[-1].turn)


async def _kept(session: AsyncSession, run_id: str, plan: Plan, role: str, after: int) -> int:
    """The number of lines that have left a role's window up to a turn."""
    found = await Events(session).read(run_id, kinds=REMEMBERED, to_turn=after)
    return len(known_lines(role, lines_of([stored.event for stored in found], plan)))
