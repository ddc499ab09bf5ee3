"""The runs of an experiment that is to stand: all that are to be played, whichever process plays them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.factories.services import Services
from pyscrai.services.controls import Accepted, request_many


async def let_stand(services: Services, experiment_id: str, action: Literal["pause", "cancel"]) -> Sequence[Accepted]:
    """Ask the runs of an experiment that are to be played to stand; whoever plays them sees it at its next beat.

    Returns:
        What was asked of which run.
    """
    async with services.database.read() as session:
        run_ids = await ExperimentCells(session, experiment_id).to_play()
    if not run_ids:
        return ()
    asked, _ = await request_many(services, run_ids, action, actor="experiment",
                                  reason=f"the experiment is to {action}")
    return asked


async def until_they_stand(services: Services, experiment_id: str) -> None:
    """Wait until no process plays a run of an experiment; a process that died is waited for as long as its leases."""
    while True:
        async with services.database.read() as session:
            if not await ExperimentCells(session, experiment_id).is_played():
                return
        await asyncio.sleep(0.25)
