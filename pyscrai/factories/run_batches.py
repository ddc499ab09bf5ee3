"""What many runs of a process ask of the database at the same time, asked once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.coalescer import Together
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.metrics import Metrics, RunMetrics
from pyscrai.databases.repositories.runs import NewRunRow, Runs
from pyscrai.databases.repositories.seals import RunSeals, Seal
from pyscrai.databases.repositories.stored_runs import StoredRun, has_begun, read_runs
from pyscrai.databases.repositories.templates import Row, Templates, agent_templates, scenario_templates
from pyscrai.databases.tables import AgentTemplateRow, ScenarioTemplateRow
from pyscrai.errors import PyscraiError, no_run
from pyscrai.factories.caches import Recent, Shared, plan_key
from pyscrai.factories.run_leases import HeldRun
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

    ``template`` takes a reference (``name`` or ``name@version``), ``create`` a new run, ``open`` one that is held,
    ``sum_up`` the id of one, ``settle`` an id, what the run was told and what is asked of it now that this is done.
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
        row = await self._newest(scenario_templates(session), reference, self._shared.scenario_rows)
        scenario = self._shared.scenarios.get(row.content_hash, lambda: ScenarioTemplate.model_validate(row.content))
        return StoredScenario(row, scenario, {
            role.agent: await self._newest(agent_templates(session), role.agent, self._shared.agent_rows)
            for role in scenario.roles.values() if isinstance(role.agent, str)})

    async def _newest(self, templates: Templates[Row], reference: str, known: Recent[Row]) -> Row:
        version = await templates.find(reference)
        row = known.find(version) or await templates.by_id(version.id)
        return known.get(version, lambda: row)

    async def _create(self, made: Sequence[NewRunRow]) -> Sequence[str]:
        async with self._database.session() as session:
            return await Runs(session).create(*made)

    async def _open(self, held: Sequence[HeldRun]) -> Sequence[StoredRun | Exception]:
        rows = {run.run_id: run.row for run in held if run.row is not None}
        planned = {run_id for run_id, row in rows.items() if self._shared.plans.find(plan_key(row)) is not None}
        found = {run_id: StoredRun(rows[run_id]) for run_id in planned if not has_begun(rows[run_id])}
        if others := [run.run_id for run in held if run.run_id not in found]:
            async with self._database.read() as session:
                found.update(await read_runs(session, others, rows={
                    run_id: rows[run_id] for run_id in others if run_id in rows}, cast_known=planned))
        return [found.get(run.run_id) or no_run(run.run_id) for run in held]

    async def _sum_up(self, run_ids: Sequence[str]) -> Sequence[None]:
        # Read apart from the transaction that writes: that one holds up all others.
        async def read(session: AsyncSession) -> tuple[Mapping[str, Sequence[Metrics]], Mapping[str, Seal]]:
            return await RunMetrics(session).compute(run_ids), await RunSeals(session).make(run_ids)

        figures, seals = await self._database.reading(read)

        async def keep(session: AsyncSession) -> None:
            await RunMetrics(session).keep(figures)
            await RunSeals(session).keep(seals)

        await self._database.writing(keep)
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
