"""Many runs as one file or folder: chats, an Inspect log, a data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow, RunTagRow
from pyscrai.exports.conversation import render_chat
from pyscrai.exports.dataset_folder import DatasetFolder
from pyscrai.exports.dossier import Dossier
from pyscrai.exports.inspect_log import InspectLog
from pyscrai.exports.run_reader import gather
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, load_plan
from pyscrai.services.experiments.tables import experiment_runs, table_batches
from pyscrai.services.run_tables import RunSet, runs_of_query

RunsFormat = Literal["chat", "inspect", "huggingface"]
"""Formats that hold many runs, beside tables."""

TABLES = ("runs", "measurements", "turns")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The runs to be exported and what they are: a run, the runs of a tag, or an experiment's."""

    name: str
    runs: RunSet
    plan: ExperimentPlan | None = None


async def chosen_runs(session: AsyncSession, *, run: str | None = None, tag: str | None = None,
                      experiment: str | None = None) -> Chosen:
    """The runs that one of the three names.

    Raises:
        NotFound: there is no such run or experiment.
    """
    if experiment is not None:
        plan = await load_plan(session, experiment)
        return Chosen(plan.spec.title or plan.spec.name, await experiment_runs(session, plan), plan)
    if run is not None:
        row = await Runs(session).find(run)
        return Chosen(row.name or row.id, await runs_of_query(session, select(RunRow).where(RunRow.id == row.id)))
    return Chosen(tag or "", await runs_tagged(session, tag or ""))


async def any_run(session: AsyncSession, chosen: Chosen) -> bool:
    """Whether there is anything to export."""
    async for _ in chosen.runs.portions(session):
        return True
    return False


async def runs_tagged(session: AsyncSession, tag: str) -> RunSet:
    """The runs with a tag."""
    return await runs_of_query(session, select(RunRow).where(
        RunRow.id.in_(select(RunTagRow.run_id).where(RunTagRow.tag == tag))))


async def write_chats(session: AsyncSession, chosen: Chosen, write: Callable[[bytes], object]) -> int:
    """Write the conversations of all runs, a JSON object a line; how many runs there are."""
    count = 0
    async for dossier, _, _ in _dossiers(session, chosen.runs, calls=False):
        for line in render_chat(dossier):
            write(line.encode("utf-8", "backslashreplace"))
        count += 1
    return count


async def write_log(session: AsyncSession, chosen: Chosen, target: IO[bytes], *, calls: bool) -> int:
    """Write an Inspect log with a sample for each run; how many runs there are."""
    count = 0
    about = {"experiment": chosen.plan.id, "freeze": chosen.plan.row.freeze_hash} if chosen.plan else {}
    with InspectLog(target, chosen.name, about) as log:
        async for dossier, extra, judged in _dossiers(session, chosen.runs, calls=calls):
            log.add(dossier, extra, judged)
            count += 1
    return count


async def write_dataset(session: AsyncSession, chosen: Chosen, target: Path) -> tuple[int, int]:
    """Write a data set; how many runs there are, and how many bytes it has."""
    count = 0
    with DatasetFolder(target, chosen.runs.extra) as folder:
        async for dossier, extra, _ in _dossiers(session, chosen.runs, calls=False):
            folder.add(dossier, extra)
            count += 1
        for table in TABLES:
            async for batch in chosen.runs.batches(session, table):
                folder.add_batch(table, batch)
        if chosen.plan is not None:
            for name in ("cells", "judgements"):
                _, batches = await table_batches(session, chosen.plan, name, {})
                async for batch in batches:
                    folder.add_batch(name, batch)
    facts = [("Experiment", f"`{chosen.plan.id}`, frozen as `{chosen.plan.row.freeze_hash}`")] if chosen.plan else []
    return count, folder.finish(chosen.name, facts)


async def _dossiers(session: AsyncSession, runs: RunSet, *, calls: bool
                    ) -> AsyncIterator[tuple[Dossier, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Each run's record, what it is in an experiment, and what judges gave it; one run at a time is in memory."""
    async for portion in runs.portions(session):
        ids = [run.id for run, _ in portion]
        judged: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in await runs.own_measurements(session, ids) if runs.own_measurements else ():
            judged[row["run_id"]].append(row)
        for (_, extra), run_id in zip(portion, ids, strict=True):
            yield await gather(session, run_id, calls=calls), extra, judged[run_id]
