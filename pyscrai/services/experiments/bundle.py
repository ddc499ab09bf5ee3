"""An experiment as one folder: report, tables, results, the runs' pages, and an RO-Crate that says what is what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.experiments.report.blocks import Block, ReportPicture
from pyscrai.experiments.report.html import render_html
from pyscrai.experiments.report.markdown import render_markdown
from pyscrai.experiments.report.ro_crate import crate
from pyscrai.experiments.report.sections import sections
from pyscrai.exports.html import render_html as render_run
from pyscrai.exports.json_text import dumps
from pyscrai.exports.run_reader import gather
from pyscrai.exports.table_file import table_format
from pyscrai.factories.services import Services
from pyscrai.services.experiments.evidence import evidence_of, runs_to_show
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.tables import TABLES, TableName, write_table
from pyscrai.templates.yaml_writer import dump_yaml


async def report_blocks(services: Services, plan: ExperimentPlan, results: Mapping[str, Any], *,
                        with_runs: bool = False) -> list[Block]:
    """The blocks of a report with the evidence of the pairs that differ most.

    Args:
        with_runs: links lead to the runs' own pages beside the report.
    """
    async with services.database.read() as session:
        evidence = await evidence_of(session, plan, runs_to_show(results))

    def run_link(run_id: str) -> str | None:
        return f"runs/{run_id}.html" if with_runs else None

    return list(sections(results, evidence_of=evidence, run_link=run_link))


def title_of(results: Mapping[str, Any]) -> str:
    """The title of a report."""
    experiment = results["experiment"]
    return str(experiment["title"] or experiment["name"].replace("-", " ").capitalize())


async def report_html(services: Services, plan: ExperimentPlan, results: Mapping[str, Any]) -> str:
    """The report as one page that needs nothing else."""
    return render_html(title_of(results), await report_blocks(services, plan, results))


async def report_markdown(services: Services, plan: ExperimentPlan, results: Mapping[str, Any]) -> str:
    """The report as one Markdown document; its pictures are told in words."""
    return render_markdown(title_of(results), await report_blocks(services, plan, results))


async def write_bundle(services: Services, plan: ExperimentPlan, results: Mapping[str, Any], folder: Path, *,
                       runs: bool = False) -> list[Path]:
    """Write everything into a folder; what of it is there is written over.

    Args:
        runs: also a page for every run.

    Returns:
        The files, in the order of their writing.
    """
    blocks = await report_blocks(services, plan, results, with_runs=runs)
    pictures = {block.name: f"{block.name}.svg" for block in blocks if isinstance(block, ReportPicture)}
    texts = {"report.html": render_html(title_of(results), blocks),
             "report.md": render_markdown(title_of(results), blocks, pictures=pictures),
             "results.json": dumps(results, indent=2) + "\n",
             "experiment.yaml": plan.row.source or dump_yaml(plan.spec),
             **{f"{block.name}.svg": block.svg for block in blocks if isinstance(block, ReportPicture)}}
    written = await asyncio.to_thread(_write, folder, texts)
    for table in TABLES:
        written += await write_table_files(services, plan, table, results, [
            folder / "tables" / f"{table}.parquet", folder / "tables" / f"{table}.csv"])
    if runs:
        written += await _write_runs(services, plan, folder / "runs")
    metadata = crate(results, [path.relative_to(folder).as_posix() for path in written])
    return [*written, *await asyncio.to_thread(_write, folder, {
        "ro-crate-metadata.json": dumps(metadata, indent=2) + "\n"})]


def _write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


async def write_table_files(services: Services, plan: ExperimentPlan, table: TableName, results: Mapping[str, Any],
                            targets: Sequence[Path]) -> Sequence[Path]:
    """Write a table to files, in the formats that their suffixes say.

    Raises:
        ConfigError: a suffix says none.
    """
    formats = [table_format(target) for target in targets]
    with ExitStack() as stack:
        await write_table(services.database, plan, table, results, [
            (stack.enter_context(_opened(target)), format) for target, format in zip(targets, formats, strict=True)])
    return targets


def _opened(target: Path) -> IO[bytes]:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.open("wb")


async def _write_runs(services: Services, plan: ExperimentPlan, folder: Path) -> list[Path]:
    async with services.database.read() as session:
        run_ids = sorted(await ExperimentCells(session, plan.id).run_ids())
    written: list[Path] = []
    for run_id in run_ids:
        async with services.database.read() as session:
            dossier = await gather(session, run_id, calls=False)
        written += await asyncio.to_thread(_write, folder, {f"{run_id}.html": "".join(render_run(dossier))})
    return written
