"""Runs are deleted with all that they recorded."""

from __future__ import annotations

from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.services import Services
from pyscrai.lifecycle import check_fits


async def delete_run(services: Services, run_id: str) -> None:
    """Delete a run, its record and its checkpoints.

    Raises:
        NotFound: there is no such run.
        WrongState: it plays, or forks share its past.
    """
    async with services.database.session() as session:
        row = await Runs(session).get(run_id, lock=True)
        check_fits(run_id, row.status, row.desired, "delete")
        await Runs(session).delete(run_id)
    await services.checkpoints.delete(run_id)
