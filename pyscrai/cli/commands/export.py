"""``pyscrai export``: a run as a document, or as a folder that opens in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson, Target
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError
from pyscrai.exports.formats import BINARY, SUFFIXES, WITH_CALLS, ExportFormat, renderer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


async def export(
    run_id: Annotated[str | None, Parameter(name="RUN", help="A run's id, the beginning of it, or `last`; left out "
                                                             "with --tag or --experiment.")] = None, /, *,
    format: Annotated[ExportFormat | Literal["folder"] | None, Parameter(
        help="Left out, the suffix of --output tells, else markdown; `folder` opens in any browser, with no server."
    )] = None,
    target: Target = None,
    without_calls: Annotated[bool, Parameter(help="Leave the model calls out of json, jsonl and folder.")] = False,
    family: Annotated[bool, Parameter(help="Into a folder also all runs that share its past.")] = False,
    tag: Annotated[str | None, Parameter(help="All runs with this tag as one table, CSV or Parquet.")] = None,
    experiment: Annotated[str | None, Parameter(help="All runs of this experiment as one table.")] = None,
    table: Annotated[Literal["runs", "measurements", "turns"], Parameter(
        help="With --tag or --experiment: a row for each run, measurement, or turn.")] = "runs",
    as_json: AsJson = False,
) -> None:
    """Write a run to a file or to stdout; or many runs, by tag or experiment, as one tidy table."""
    if run_id is None:
        if (tag is None) == (experiment is None):
            raise ConfigError("it is not said what to export", code="usage", cure="name a run, --tag or --experiment")
        from pyscrai.cli.table_export import export_table

        await export_table(table, target, tag=tag, experiment=experiment, as_json=as_json)
        return
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.exports.run_reader import gather

    if format == "folder":
        await _to_folder(run_id, target, calls=not without_calls, family=family, as_json=as_json)
        return
    chosen: ExportFormat = format or ("json" if as_json and target is None else _by_suffix(target))
    async with looked_up(run_id) as (session, row):
        dossier = await gather(session, row.id, calls=chosen in WITH_CALLS and not without_calls)
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


async def _to_folder(run_id: str, target: Path | None, *, calls: bool, family: bool, as_json: bool) -> None:
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.cli.services import opened_database
    from pyscrai.errors import PyscraiError
    from pyscrai.exports.run_folder import RunFolder
    from pyscrai.exports.run_reader import gather
    from pyscrai.services.scenario_graphs import draw

    async with looked_up(run_id) as (session, row):
        found = row.id
        runs = await _with_family(session, found) if family else [found]
    folder = RunFolder(target or Path(found))
    graphs: dict[str, object] = {}
    async with opened_database() as database:
        for each in runs:
            async with database.read() as session:
                dossier = await gather(session, each, calls=calls)
            template = str(dossier.run["template"])
            if template not in graphs:
                try:
                    graphs[template] = (await draw(database, template)).as_dict()
                except PyscraiError:
                    graphs[template] = None     # an agent that is no longer stored: the folder does without a graph
            try:
                folder.add(dossier, graphs[template])    # type: ignore[arg-type]
            except OSError as error:
                raise _unwritable(folder.target, error) from None
    try:
        size = folder.finish()
    except OSError as error:
        raise _unwritable(folder.target, error) from None
    if as_json:
        output.json_line({"run_id": found, "file": str(folder.target / "index.html"), "format": "folder",
                          "runs": folder.runs, "bytes": size})
    else:
        output.note(f"{', '.join(folder.runs)}: open {folder.target / 'index.html'} in a browser")


async def _with_family(session: AsyncSession, run_id: str) -> list[str]:
    from pyscrai.databases.repositories.lineage import family

    return [run_id, *(row.id for row in await family(session, run_id) if row.id != run_id)]


def _unwritable(target: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{target} cannot be written: {error.strerror}", code="output.file",
                       cure="name another folder with --output")


def _by_suffix(target: Path | None) -> ExportFormat:
    suffix = target.suffix.lower() if target else ""
    return next((name for name, known in SUFFIXES.items() if suffix in (known, f".{name}")), "markdown")
