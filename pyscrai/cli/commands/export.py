"""``pyscrai export``: a run as a document, or as a folder that opens in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from cyclopts import Parameter

from pyscrai.cli.folder_export import export_experiment_folder, export_run_folder, export_tag_folder
from pyscrai.cli.parameters import AsJson, Target
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError
from pyscrai.exports.formats import BINARY, WITH_CALLS, ExportFormat, RunFormat, RunsFormat, by_suffix, renderer


async def export(
    run_id: Annotated[str | None, Parameter(name="RUN", help="A run's id, the beginning of it, or `last`; left out "
                                                             "with --tag or --experiment.")] = None, /, *,
    format: Annotated[RunFormat | None, Parameter(
        help="Left out, the suffix of --output tells, else markdown. `chat` is a conversation for each role, as chat "
             "models are trained on (JSON lines), `inspect` an Inspect log (.eval), `huggingface` a data set's folder, "
             "`folder` opens in any browser, with no server.")] = None,
    target: Target = None,
    without_calls: Annotated[bool, Parameter(
        help="Leave the model calls out of json, jsonl, inspect and folder.")] = False,
    family: Annotated[bool, Parameter(help="Into a folder also all runs that share its past.")] = False,
    tag: Annotated[str | None, Parameter(
        help="All runs with this tag: as csv, parquet, jsonl (tables), chat, inspect, huggingface or folder.")] = None,
    experiment: Annotated[str | None, Parameter(
        help="All runs of this experiment, as with --tag; a folder holds the experiment, too.")] = None,
    table: Annotated[Literal["runs", "measurements", "turns"], Parameter(
        help="With --tag or --experiment: a row for each run, measurement, or turn.")] = "runs",
    as_json: AsJson = False,
) -> None:
    """Write a run to a file or to stdout; or many runs, by tag or experiment, as one table, file or data set."""
    calls = not without_calls
    if run_id is None:
        await _many(format, target, tag=tag, experiment=experiment, table=table, calls=calls, as_json=as_json)
        return
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.exports.run_reader import gather

    if format == "folder":
        await export_run_folder(run_id, target, calls=calls, family=family, as_json=as_json)
        return
    if format == "huggingface":
        from pyscrai.cli.runs_export import export_runs

        await export_runs(format, target, runs=[run_id], as_json=as_json)
        return
    chosen: ExportFormat = format or ("json" if as_json and target is None else _by_suffix(target))
    async with looked_up(run_id) as (session, row):
        dossier = await gather(session, row.id, calls=chosen in WITH_CALLS and calls)
    pieces = renderer(chosen)(dossier)
    if target is None:
        for piece in pieces:
            output.write_bytes(piece, binary=chosen in BINARY)
        return
    size = output.write_file(target, b"".join(pieces))
    if as_json:
        output.json_line({"run_id": row.id, "file": str(target), "format": chosen, "bytes": size})
    else:
        output.note(f"{row.id} is written to {target}")


async def _many(format: RunFormat | None, target: Path | None, *, tag: str | None, experiment: str | None,
                table: Literal["runs", "measurements", "turns"], calls: bool, as_json: bool) -> None:
    """Export the runs of a tag or of an experiment."""
    if (tag is None) == (experiment is None):
        raise ConfigError("it is not said what to export", code="usage", cure="name a run, --tag or --experiment")
    match format or (by_suffix(target.name) if target else None):
        case "folder" if tag is not None:
            await export_tag_folder(tag, target, calls=calls, as_json=as_json)
        case "folder":
            await export_experiment_folder(str(experiment), target, calls=calls, as_json=as_json)
        case "json" | "markdown" | "html" as one:
            raise ConfigError(f"{one} holds one run", code="usage",
                              cure=f"name a run; many runs go into {', '.join(get_args(RunsFormat))}")
        case chosen:
            from pyscrai.cli.runs_export import export_runs

            await export_runs(chosen, target, tag=tag, experiment=experiment, table=table, calls=calls, as_json=as_json)


def _by_suffix(target: Path | None) -> ExportFormat:
    return (by_suffix(target.name) if target else None) or "markdown"
