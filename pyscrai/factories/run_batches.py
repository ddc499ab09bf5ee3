"""What many runs of a process ask of the database at the same time, asked once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.coalescer import Together
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.runs import NewRunRow, Runs
from pyscrai.databases.repositories.seals import RunSeals
from pyscrai.databases.repositories.stored_runs import StoredRun, read_runs
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.databases.tables import AgentTemplateRow, ScenarioTemplateRow
from pyscrai.errors import PyscraiError, no_run
from pyscrai.factories.caches import Shared
from pyscrai.lifecycle import Desired
from pyscrai.templates.models.scenario import ScenarioTemplate


@dataclass(frozen=True, slots=True)
class StoredScenario:
    """A scenario's version with the agents that it names, each by its reference."""

    row: ScenarioTemplateRow
    scenario: ScenarioTemplate
    agents: Mapping[str, AgentTemplateRow]


class Joint:
    """Each asks for one; who asks while others are answered is answered with the next ones.

    ``template`` takes a reference (``name`` or ``name@version``), ``create`` a new run, ``open`` and ``sum_up`` the id
    of one, ``settle`` an id, what the run was told and what is asked of it now that this is done.
    """

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database, self._shared = database, shared
        self.template = Together(self._templates)
        self.create = Together(self._create)
        self.open = Together(self._open)
        self.sum_up = Together(self._sum_up)
        self.settle = Together(self._settle)

    async def _templates(self, references: Sequence[str]) -> Sequence[StoredScenario | Exception]:
        found: dict[str, StoredScenario | Exception] = {}
        async with self._database.read() as session:
            for reference in references:
                if reference not in found:
                    try:
                        found[reference] = await self._template(session, reference)
                    except PyscraiError as error:
                        found[reference] = error
        return [found[reference] for reference in references]

    async def _template(self, session: AsyncSession, reference: str) -> StoredScenario:
        row = await scenario_templates(session).get(reference)
        scenario = self._shared.scenarios.get(row.content_hash, lambda: ScenarioTemplate.model_validate(row.content))
        return StoredScenario(row, scenario, {
            role.agent: await agent_templates(session).get(role.agent)
            for role in scenario.roles.values() if isinstance(role.agent, str)})

    async def _create(self, made: Sequence[NewRunRow]) -> Sequence[str]:
        async with self._database.session() as session:
            return [run.id for run in await Runs(session).create(*made)]

    async def _open(self, run_ids: Sequence[str]) -> Sequence[StoredRun | Exception]:
        async with self._database.read() as session:
            found = await read_runs(session, run_ids)
        return [found.get(run_id) or no_run(run_id) for run_id in run_ids]

    async def _sum_up(self, run_ids: Sequence[str]) -> Sequence[None]:
        await self._database.writing(lambda session: RunMetrics(session).keep(run_ids))
        # Read apart from the transaction that writes: that one holds up all others.
        async with self._database.read() as session:
            seals = {run_id: await RunSeals(session).make(run_id) for run_id in run_ids}
        await self._database.writing(lambda session: RunSeals(session).keep(seals))
        return [None] * len(run_ids)

    async def _settle(self, done: Sequence[tuple[str, Desired, Desired]]) -> Sequence[None]:
        alike: dict[tuple[Desired, Desired], list[str]] = defaultdict(list)
        for run_id, told, desired in done:
            alike[told, desired].append(run_id)

        async def settle(session: AsyncSession) -> None:
            for (told, desired), run_ids in alike.items():
                await DesiredStates(session).settle(run_ids, told, desired)

        await self._database.writing(settle)
        return [None] * len(done)
