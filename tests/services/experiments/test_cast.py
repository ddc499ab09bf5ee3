"""Who plays a role differs between the arms of an experiment: each run has the agents of its arm."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from pyscrai.databases.experiment_tables import ExperimentCellRow
from pyscrai.databases.repositories.runs import Runs
from pyscrai.errors import TemplateError
from pyscrai.factories.services import Services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.templates.reading.loader import load_data
from tests.services.experiments.giving import experiment

MISER: dict[str, Any] = {"kind": "agent", "name": "miser", "version": "1.0.0", "engine": "actor",
                         "personality": {"role": "a miser"}, "model": "script"}


async def test_each_run_has_the_agents_of_its_arm(services: Services) -> None:
    await store_templates(services.database, [load_data(MISER), load_data({**MISER, "name": "saint"})])
    plan = await freeze_experiment(services, await store_experiment(services, experiment(
        name="cast", pasts={"seeds": 2}, cast={"bob": "miser@1.0.0"},
        arms={"own": {}, "saint": {"cast": {"ann": "saint"}}})))
    assert {"miser@1.0.0", "saint"} <= (plan.row.frozen or {})["agents"].keys()
    async with asyncio.timeout(60), own_manager(services, 4) as manager:
        await ExperimentRunner(services, manager, plan.id).run()
    found = set()
    async with services.database.read() as session:
        for cell in await session.scalars(select(ExperimentCellRow).where(ExperimentCellRow.experiment_id == plan.id)):
            assert cell.state == "ended"
            members = {member.role: member.configuration["agent"] for member in await Runs(session).cast(
                str(cell.run_id))}
            found.add((cell.arm, members["ann"], members["bob"]))
    assert found == {("own", "ann", "miser@1.0.0"), ("saint", "saint@1.0.0", "miser@1.0.0")}


async def test_an_agent_that_is_not_stored_is_told_before_anything_is_played(services: Services) -> None:
    with pytest.raises(TemplateError, match="there is no agent `nobody`"):
        await store_experiment(services, experiment(name="wrong", cast={"ann": "nobody"}))
