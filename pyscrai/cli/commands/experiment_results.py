"""``pyscrai experiment judge``, ``results``, ``report``, ``verify``, ``show`` and ``list``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.experiment_argument import Experiment, opened
from pyscrai.cli.parameters import AsJson, Target
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError, RunError

Parallel = Annotated[int | None, Parameter(help="Let this many judgements be made at once.")]
Table = Literal["runs", "cells", "measurements", "judgements", "turns", "contrasts", "arms", "deviations"]


async def judge(experiment: Experiment, /, *,
                by: Annotated[Sequence[str], Parameter(help="A model alias that judges, instead of those of the "
                                                            "experiment.")] = (),
                repeats: Annotated[int | None, Parameter(help="How often each judge scores each transcript.")] = None,
                labels: Annotated[Path | None, Parameter(help="A CSV of people's labels: run_id, measure, value, and "
                                                              "where wanted of, person, pass, rationale.")] = None,
                sheet: Annotated[Path | None, Parameter(help="Write a CSV for people to fill in and do nothing else: "
                                                             "the transcripts, blind and in a drawn order.")] = None,
                person: Annotated[str, Parameter(help="Who gave the labels that name nobody.")] = "",
                parallel: Parallel = None, as_json: AsJson = False) -> Exit:
    """Score finished transcripts again, blind, with the same or other judges; nothing is played. Or add labels."""
    from pyscrai.cli.views.experiment_text import agreement_lines
    from pyscrai.services.experiments.human_labels import add_labels, rows_of_csv, write_sheet
    from pyscrai.services.experiments.judge_panel import JudgePanel, PanelResult
    from pyscrai.services.experiments.results import compute_results

    async with opened(experiment) as (services, stored):
        if sheet is not None:
            stored.require_judged()
            if sheet.exists():
                raise ConfigError(f"already there: {sheet}", code="output.exists",
                                  cure="name another file: somebody may have filled this one in")
            with output.writing(sheet), sheet.open("wb") as file:
                rows = await write_sheet(services, stored, file)
            output.note(f"{rows} rows are in {sheet}; give them back with --labels, filled in")
            return Exit.COMPLETED
        added, panel = 0, PanelResult()
        if labels is not None:
            added = await add_labels(services, stored, rows_of_csv(_read(labels)), person=person)
        if labels is None or by or repeats:
            panel = await JudgePanel(services, stored, by=by, repeats=repeats, parallel=parallel).judge()
        results = await compute_results(services, stored)
    if as_json:
        output.json_line({"experiment_id": stored.id, "judged": panel.judged, "already": panel.already,
                          "failed": panel.failed, "labels": added, "agreement": results["agreement"]})
    else:
        output.tell(f"{panel.judged} judgements, {panel.already} were there, {panel.failed} failed, {added} labels")
        if panel.error:
            output.note(panel.error)
        for line in agreement_lines(results):
            output.tell(line)
    return Exit.INCOMPLETE if panel.failed else Exit.COMPLETED


def _read(path: Path) -> str:
    from pyscrai.services.experiments.human_labels import text_of

    try:
        return text_of(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error}", code="experiment.labels", cure="check the file's name"
                       ) from None


async def results(experiment: Experiment = "last", /, *,
                  table: Annotated[Table | None, Parameter(help="One of the tables, as JSON lines; with --output as "
                                                                "CSV, Parquet, JSON lines or JSON.")] = None,
                  target: Target = None, as_json: AsJson = False) -> Exit:
    """Compute the contrasts anew and print them; with --table and --output write a table to a file."""
    from pyscrai.cli.views.experiment_text import show_contrasts
    from pyscrai.services.experiments.bundle import write_table_files
    from pyscrai.services.experiments.results import compute_results
    from pyscrai.services.experiments.tables import read_table

    async with opened(experiment) as (services, stored):
        found = await compute_results(services, stored)
        if table is not None and target is not None:
            with output.writing(target):
                await write_table_files(services, stored, table, found, [target])
            output.note(f"{table} of {stored.spec.name}@{stored.spec.version} is written to {target}")
        elif table is not None:
            async with services.database.read() as session:
                rows = (await read_table(session, stored, table, found)).to_pylist()
            for row in rows:
                output.json_line(row)
        elif as_json:
            output.json_line(found)
        else:
            show_contrasts(found)
    return Exit.COMPLETED if found["experiment"]["status"] == "completed" else Exit.INCOMPLETE


async def report(experiment: Experiment = "last", /, *,
                 target: Annotated[Path | None, Parameter(name=("--output", "-o"), help=(
                     "A folder for everything (report, tables, RO-Crate), or a file: .html or .md; Markdown to stdout "
                     "if left out."))] = None,
                 runs: Annotated[bool, Parameter(help="With a folder: a page for every run, too.")] = False,
                 as_json: AsJson = False) -> None:
    """Write the report: Markdown, one HTML page that needs nothing else, or a folder with everything."""
    from pyscrai.services.experiments.bundle import report_html, report_markdown, write_bundle
    from pyscrai.services.experiments.results import compute_results

    async with opened(experiment) as (services, stored):
        found = await compute_results(services, stored)
        if target is None:
            output.say(await report_markdown(services, stored, found))
            return
        if target.suffix in (".html", ".htm"):
            output.write_file(target, await report_html(services, stored, found))
        elif target.suffix == ".md":
            output.write_file(target, await report_markdown(services, stored, found))
        else:
            with output.writing(target):
                await write_bundle(services, stored, found, target, runs=runs)
    if as_json:
        output.json_line({"experiment_id": stored.id, "output": str(target)})
    else:
        output.note(f"the report of {stored.spec.name}@{stored.spec.version} is written to {target}")


async def verify(experiment: Experiment = "last", /, *,
                 sample: Annotated[int, Parameter(help="How many runs are replayed; 0 for all.")] = 10,
                 seed: Annotated[int, Parameter(help="Which runs are drawn.")] = 0, as_json: AsJson = False) -> Exit:
    """Replay a sample of the runs from the record and compute every number again: identical, or what differs."""
    from pyscrai.services.experiments.verification import verify_experiment

    async with opened(experiment) as (services, stored):
        found = await verify_experiment(services, stored.id, sample=sample, seed=seed)
    if as_json:
        output.json_line(found)
    else:
        for difference in found["differences"]:
            output.tell(difference)
        output.tell(f"{'identical' if found['identical'] else 'DIFFERENT'}: {found['replayed']} of {found['runs']} "
                    f"runs replayed, {found['numbers']} numbers computed again")
    return Exit.COMPLETED if found["identical"] else Exit.FAILED


async def show(experiment: Experiment = "last", /, *, as_json: AsJson = False) -> None:
    """Print an experiment as it was declared; with --json as it was understood, and what it was frozen with."""
    from pyscrai.templates.yaml_writer import dump_yaml

    async with opened(experiment) as (_, stored):
        if as_json:
            output.json_line({"experiment_id": stored.id, "freeze_hash": stored.row.freeze_hash,
                              "content": stored.row.content, "frozen": stored.row.frozen})
        else:
            output.say((stored.row.source or dump_yaml(stored.spec)).rstrip("\n"))


async def list_(*, as_json: AsJson = False) -> None:
    """List the stored experiments, and those that ship."""
    from pyscrai.cli.services import opened_database
    from pyscrai.cli.terminal.table import table
    from pyscrai.databases.repositories.experiments import Experiments
    from pyscrai.experiments.library import load_shipped_experiment, shipped_experiments
    from pyscrai.services.experiments.status import experiment_facts

    async with opened_database() as database, database.read() as session:
        found: list[dict[str, Any]] = [experiment_facts(row) for row in await Experiments(session).list(limit=500)]
    stored = {each["name"] for each in found}
    for name in shipped_experiments():
        if name not in stored:
            spec = load_shipped_experiment(name).template
            found.append({"experiment_id": None, "name": name, "version": spec.version, "status": "shipped",
                          "question": spec.question, "pilot": False, "freeze_hash": None})
    if as_json:
        for each in found:
            output.json_line(each)
        return
    table(("Experiment", "Version", "Status", "Id", "Question"), [
        (each["name"] + (" (pilot)" if each["pilot"] else ""), each["version"], each["status"],
         each["experiment_id"] or "", each["question"]) for each in found],
        whole=("Experiment", "Id"), optional=("Id", "Version"))
