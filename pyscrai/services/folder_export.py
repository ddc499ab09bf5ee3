"""Runs, or an experiment with its runs, as a folder that opens in a browser with no server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.lineage import family
from pyscrai.errors import PyscraiError
from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import gather
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_folder import experiment_parts
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.scenario_graphs import draw


async def with_family(database: Database, run_id: str) -> list[str]:
    """A run and all that share its past, itself first."""
    async with database.read() as session:
        return [run_id, *(each.id for each in await family(session, run_id) if each.id != run_id)]


async def write_run_folder(database: Database, folder: RunFolder, runs: Iterable[str], *, calls: bool) -> int:
    """Write runs; how many bytes the folder has."""
    await _add(database, folder, runs, calls=calls)
    return await asyncio.to_thread(folder.finish)


async def write_experiment_folder(services: Services, folder: RunFolder, plan: ExperimentPlan, *, calls: bool) -> int:
    """Write an experiment with all its runs and pasts; how many bytes the folder has."""
    parts, runs = await experiment_parts(services, plan)
    await _add(services.database, folder, runs, calls=calls)
    await asyncio.to_thread(folder.add_experiment, plan.id, parts)
    return await asyncio.to_thread(folder.finish)


async def _add(database: Database, folder: RunFolder, runs: Iterable[str], *, calls: bool) -> None:
    graphs: dict[str, Mapping[str, Any] | None] = {}
    for run_id in runs:
        async with database.read() as session:
            dossier = await gather(session, run_id, calls=calls)
        template = str(dossier.run["template"])
        if template not in graphs:
            try:
                graphs[template] = (await draw(database, template)).as_dict()
            except PyscraiError:
                graphs[template] = None     # an agent that is no longer stored: the folder does without a graph
        await asyncio.to_thread(folder.add, dossier, graphs[template])
