"""The figures of the fleet, read from the database for metrics."""

from __future__ import annotations

from sqlalchemy import func, select

from pyscrai.databases.database import Database
from pyscrai.databases.fleet_tables import ShareSpendingRow
from pyscrai.databases.repositories.claims import Claims
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.workers import Workers
from pyscrai.databases.tables import RunMetricsRow, RunRow
from pyscrai.telemetry.figures import FleetFigures


async def fleet_figures(database: Database) -> FleetFigures:
    """Read how the fleet stands, and what all runs took: figures of calls are those of runs that have ended."""
    async with database.read() as session:
        claims = Claims(session)
        counts, waiting, playing = await Runs(session).counts(), await claims.waiting(), await claims.playing()
        workers = await Workers(session).list()
        turns = await session.scalar(select(func.coalesce(func.sum(RunRow.turn), 0)))
        calls, prompt, completion = (await session.execute(select(
            func.coalesce(func.sum(RunMetricsRow.calls), 0), func.coalesce(func.sum(RunMetricsRow.prompt_tokens), 0),
            func.coalesce(func.sum(RunMetricsRow.completion_tokens), 0)).where(RunMetricsRow.role == ""))).one()
        cost = await session.scalar(select(func.coalesce(func.sum(ShareSpendingRow.cost_usd), 0.0)))
    return FleetFigures(
        runs={str(status): count for status, count in counts.items()}, waiting=sum(waiting.values()),
        playing=sum(playing.values()), workers=len(workers), capacity=sum(worker.capacity for worker in workers),
        turns=int(turns or 0), calls=int(calls), prompt_tokens=int(prompt), completion_tokens=int(completion),
        cost_usd=float(cost or 0.0))
