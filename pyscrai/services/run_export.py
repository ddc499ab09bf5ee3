"""Many runs as one file or folder: a table, chats, an Inspect log, a data set."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow, RunTagRow
from pyscrai.errors import NotFound
from pyscrai.exports.conversation import render_chat
from pyscrai.exports.dataset_folder import DatasetFolder
from pyscrai.exports.dossier import Dossier
from pyscrai.exports.inspect_log import InspectLog
from pyscrai.exports.run_reader import gather
from pyscrai.exports.table_file import TableFile, TableFormat
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, load_plan
from pyscrai.services.experiments.tables import experiment_runs, table_batches
from pyscrai.services.run_tables import RunSet, runs_of_query

FileFormat = TableFormat | Literal["chat", "inspect"]
"""Formats in which many runs are one file."""

RunsTable = Literal["runs", "measurements", "turns"]
"""A row for each of these."""

TABLES: tuple[RunsTable, ...] = ("runs", "measurements", "turns")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The runs to be exported and what they are: some runs, the runs of a tag, or an experiment's."""

    name: str
    runs: RunSet
    plan: ExperimentPlan | None = None

    @property
    def file_name(self) -> str:
        """The name, as a file or folder may be called."""
        return re.sub(r"[^\w.-]+", "-", self.name).strip("-.")[:100] or "runs"

    async def ids(self, session: AsyncSession) -> list[str]:
        """The ids of the runs."""
        return [run.id async for portion in self.runs.portions(session) for run, _ in portion]


async def chosen_runs(session: AsyncSession, *, runs: Sequence[str] = (), tag: str | None = None,
                      experiment: str | None = None) -> Chosen:
    """The runs that one of the three names.

    Raises:
        NotFound: there is no such run or experiment, or it has no runs.
    """
    if experiment is not None:
        plan = await load_plan(session, experiment)
        found = Chosen(plan.spec.title or plan.spec.name, await experiment_runs(session, plan), plan)
        missing, cure = f"{experiment} has no runs yet", "`pyscrai experiment run` plays them"
    elif runs:
        rows = {run: await Runs(session).find(run) for run in runs}
        [first, *others] = rows.values()
        ids = [row.id for row in rows.values()]
        return Chosen("runs" if others else first.name or first.id,
                      await runs_of_query(session, select(RunRow).where(RunRow.id.in_(ids))))
    else:
        found = Chosen(tag or "", await runs_of_query(session, select(RunRow).where(
            RunRow.id.in_(select(RunTagRow.run_id).where(RunTagRow.tag == tag)))))
        missing, cure = f"there are no runs with the tag {tag}", "`pyscrai runs` lists the runs with their tags"
    async for _ in found.runs.portions(session):
        return found
    raise NotFound(missing, cure=cure)


async def write_runs(database: Database, chosen: Chosen, target: IO[bytes], format: FileFormat, *,
                     table: RunsTable = "runs", calls: bool = True) -> int:
    """Write all runs into one file; how many runs there are, or rows of a table.

    Args:
        table: what a row is, where the format is a table's.
        calls: with the model calls, in an Inspect log.
    """
    async with database.read() as session:
        match format:
            case "chat":
                return await _write_chats(session, chosen, target)
            case "inspect":
                return await _write_log(session, chosen, target, calls=calls)
            case _:
                return await _write_table(session, chosen, target, format, table)


async def _write_table(session: AsyncSession, chosen: Chosen, target: IO[bytes], format: TableFormat, table: RunsTable
                       ) -> int:
    rows = 0
    with TableFile(target, chosen.runs.schema(table), format) as file:
        async for batch in chosen.runs.batches(session, table):
            await asyncio.to_thread(file.write, batch)
            rows += batch.num_rows
    return rows


async def _write_chats(session: AsyncSession, chosen: Chosen, target: IO[bytes]) -> int:
    count = 0
    async for dossier, _, _ in _dossiers(session, chosen.runs, calls=False):
        for line in await asyncio.to_thread(lambda each: list(render_chat(each)), dossier):
            target.write(line.encode("utf-8", "backslashreplace"))
        count += 1
    return count


async def _write_log(session: AsyncSession, chosen: Chosen, target: IO[bytes], *, calls: bool) -> int:
    count = 0
    about = {"experiment": chosen.plan.id, "freeze": chosen.plan.row.freeze_hash} if chosen.plan else {}
    with InspectLog(target, chosen.name, about) as log:
        async for dossier, extra, judged in _dossiers(session, chosen.runs, calls=calls):
            await asyncio.to_thread(log.add, dossier, extra, judged)
            count += 1
    return count


async def write_dataset(database: Database, chosen: Chosen, target: Path) -> tuple[int, int]:
    """Write a data set into a folder; how many runs there are, and how many bytes it has.

    Raises:
        PyscraiError: there is something in the folder already.
    """
    count = 0
    async with database.read() as session:
        with DatasetFolder(target, chosen.runs.extra) as folder:
            async for dossier, extra, _ in _dossiers(session, chosen.runs, calls=False):
                await asyncio.to_thread(folder.add, dossier, extra)
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
