"""Many runs written where somebody names a file or a folder, in any format that holds many."""

from __future__ import annotations

from pathlib import Path

from pyscrai.exports.formats import RunsFormat
from pyscrai.exports.run_folder import RunFolder
from pyscrai.factories.services import Services
from pyscrai.services.folder_export import write_experiment_folder, write_run_folder
from pyscrai.services.run_export import Chosen, RunsTable, write_dataset, write_runs


async def write_runs_file(services: Services, chosen: Chosen, target: Path, format: RunsFormat, *,
                          table: RunsTable = "runs", calls: bool = True) -> None:
    """Write chosen runs into a file, or into a folder that is not there yet or empty.

    Args:
        table: what a row is in csv, parquet and jsonl.
        calls: with the model calls, in an Inspect log and a folder.

    Raises:
        PyscraiError: the folder is there and not empty.
        OSError: it cannot be written.
    """
    if format == "huggingface":
        await write_dataset(services.database, chosen, target)
    elif format != "folder":
        with target.open("wb") as file:
            await write_runs(services.database, chosen, file, format, table=table, calls=calls)
    elif chosen.plan is not None:
        await write_experiment_folder(services, RunFolder(target), chosen.plan, calls=calls)
    else:
        async with services.database.read() as session:
            runs = await chosen.ids(session)
        await write_run_folder(services.database, RunFolder(target), runs, calls=calls)
