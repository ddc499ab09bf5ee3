"""``pyscrai export --format folder``: runs or an experiment, to be opened in a browser with no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pyscrai.cli.terminal import output

if TYPE_CHECKING:
    from pyscrai.exports.run_folder import RunFolder


async def export_run_folder(run: str, target: Path | None, *, calls: bool, family: bool, as_json: bool) -> None:
    """Write a run, or all that share its past, into a folder.

    Raises:
        NotFound: no run fits.
        ConfigError: the folder cannot be written.
        PyscraiError: the folder is there and not empty.
    """
    from pyscrai.cli.services import opened_database
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.services.folder_export import with_family, write_run_folder

    async with opened_database() as database:
        async with database.read() as session:
            found = (await Runs(session).find(run)).id
        with _folder(target or Path(found)) as folder:
            size = await write_run_folder(database, folder, await with_family(database, found) if family else [found],
                                          calls=calls)
    _tell(folder, size, as_json=as_json, run_id=found)


async def export_tag_folder(tag: str, target: Path | None, *, calls: bool, as_json: bool) -> None:
    """Write the runs of a tag into a folder.

    Raises: as ``export_run_folder``.
    """
    from pyscrai.cli.services import opened_database
    from pyscrai.services.folder_export import write_run_folder
    from pyscrai.services.run_export import chosen_runs

    async with opened_database() as database:
        async with database.read() as session:
            chosen = await chosen_runs(session, tag=tag)
            ids = await chosen.ids(session)
        with _folder(target or Path(chosen.file_name)) as folder:
            size = await write_run_folder(database, folder, ids, calls=calls)
    _tell(folder, size, as_json=as_json, tag=tag)


async def export_experiment_folder(experiment: str, target: Path | None, *, calls: bool, as_json: bool) -> None:
    """Write an experiment with all its runs into a folder.

    Raises: as ``export_run_folder``.
    """
    from pyscrai.cli.experiment_argument import opened
    from pyscrai.services.folder_export import write_experiment_folder

    async with opened(experiment) as (services, plan):
        with _folder(target or Path(plan.id)) as folder:
            size = await write_experiment_folder(services, folder, plan, calls=calls)
    _tell(folder, size, as_json=as_json, experiment_id=plan.id)


@contextmanager
def _folder(target: Path) -> Iterator[RunFolder]:
    from pyscrai.exports.run_folder import RunFolder

    with output.writing(target):
        yield RunFolder(target)


def _tell(folder: RunFolder, size: int, *, as_json: bool, **about: str) -> None:
    page = folder.target / "index.html"
    if as_json:
        output.json_line({**about, "file": str(page), "format": "folder", "runs": folder.runs, "bytes": size})
    else:
        output.note(f"{len(folder.runs)} {'run' if len(folder.runs) == 1 else 'runs'}: open {page} in a browser")
