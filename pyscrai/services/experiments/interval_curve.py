"""How the widest interval of the primary measure narrowed as runs ended: told from what is stored, at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from pyscrai.databases.tables import RunRow
from pyscrai.experiments.analysis import RunValue, compare, widest
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.run_values import AT_ONCE, values_of

LOOKS = 24
"""Points of the curve at most: each is an analysis of its own."""

FEWEST = 3
"""Pasts of each contrast from which on an interval says something: two that happen to agree have none."""

Point = dict[str, float | int]


async def interval_curve(services: Services, plan: ExperimentPlan) -> list[Point]:
    """Points of the curve: after so many ended runs, half of the widest interval; none before there is one."""
    use = plan.spec.measures.primary
    async with services.database.read() as session:
        values = (await values_of(session, plan, [use]))[use.name]
        ended: dict[str, datetime] = {}
        ids = [value.run_id for value in values]
        for start in range(0, len(ids), AT_ONCE):
            rows = await session.execute(select(RunRow.id, RunRow.ended_at).where(
                RunRow.id.in_(ids[start:start + AT_ONCE]), RunRow.ended_at.is_not(None)))
            ended.update((row.id, row.ended_at) for row in rows)
    ordered = sorted((value for value in values if value.run_id in ended),
                     key=lambda value: (ended[value.run_id], value.run_id))
    return await asyncio.to_thread(_curve, plan, ordered)


def _curve(plan: ExperimentPlan, ordered: Sequence[RunValue]) -> list[Point]:
    use = plan.spec.measures.primary
    points: list[Point] = []
    for count in looks(len(ordered)):
        found = compare(plan.spec, use, "primary", ordered[:count], plan.contrasts)
        width = widest(found)
        if width is not None and min(len(result.pairs) for result in found) >= FEWEST:
            points.append({"ended": count, "half_width": width})
    return points


def looks(count: int, most: int = LOOKS) -> list[int]:
    """Numbers of ended runs at which to look: all while they are few, then evenly spread, always the last."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({max(1, round(count * step / most)) for step in range(1, most + 1)})
