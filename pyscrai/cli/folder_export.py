"""Runs or an experiment as a folder that opens in a browser, with no server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError, PyscraiError

if TYPE_CHECKING:
    from pyscrai.databases.database import Database
    from pyscrai.exports.run_folder import RunFolder


async def export_run_folder(run: str, target: Path | None, *, calls: bool, family: bool, as_json: bool) -> None:
    """Write a run, or all that share its past, into a folder.

    Raises:
        NotFound: no run fits.
        ConfigError: the folder is not empty, or cannot be written.
    """
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.cli.services import opened_database
    from pyscrai.databases.repositories.lineage import family as family_of
    from pyscrai.exports.run_folder import RunFolder

    async with looked_up(run) as (session, row):
        found = row.id
        others = [each.id for each in await family_of(session, found) if each.id != found] if family else []
    folder = RunFolder(target or Path(found))
    async with opened_database() as database:
        await _add(folder, database, [found, *others], calls=calls)
    _finish(folder, as_json=as_json, run_id=found)


async def export_experiment_folder(experiment: str, target: Path | None, *, calls: bool, as_json: bool) -> None:
    """Write an experiment with all its runs into a folder.

    Raises:
        NotFound: there is none.
        ConfigError: the folder is not empty, or cannot be written.
    """
    from pyscrai.cli.experiment_argument import opened
    from pyscrai.exports.run_folder import RunFolder
    from pyscrai.services.experiments.experiment_folder import experiment_parts

    async with opened(experiment) as (services, plan):
        folder = RunFolder(target or Path(plan.id))
        parts, runs = await experiment_parts(services, plan)
        await _add(folder, services.database, runs, calls=calls)
        folder.add_experiment(plan.id, parts)
    _finish(folder, as_json=as_json, experiment_id=plan.id)


async def _add(folder: RunFolder, database: Database, runs: Iterable[str], *, calls: bool) -> None:
    from pyscrai.exports.run_reader import gather
    from pyscrai.services.scenario_graphs import draw

    graphs: dict[str, Any] = {}
    for run_id in runs:
        async with database.read() as session:
            dossier = await gather(session, run_id, calls=calls)
        template = str(dossier.run["template"])
        if template not in graphs:
            try:
                graphs[template] = (await draw(database, template)).as_dict()
            except PyscraiError:
                graphs[template] = None     # an agent that is no longer stored: the folder does without a graph
        try:
            folder.add(dossier, graphs[template])
        except OSError as error:
            raise _unwritable(folder.target, error) from None


def _finish(folder: RunFolder, *, as_json: bool, **about: str) -> None:
    try:
        size = folder.finish()
    except OSError as error:
        raise _unwritable(folder.target, error) from None
    page = folder.target / "index.html"
    if as_json:
        output.json_line({**about, "file": str(page), "format": "folder", "runs": folder.runs, "bytes": size})
    else:
        output.note(f"{len(folder.runs)} {'run' if len(folder.runs) == 1 else 'runs'}: open {page} in a browser")


def _unwritable(target: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{target} cannot be written: {error.strerror}", code="output.file",
                       cure="name another folder with --output")
