"""What an experiment may cost holds while its runs play, and for whatever process plays them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pyscrai.databases.repositories.share_costs import Spending
from pyscrai.databases.tables import RunRow
from pyscrai.factories import share_budgets
from pyscrai.factories.services import Services
from tests.services.experiments.giving import Giver
from tests.services.experiments.test_experiment_runner import cells, planned, run


async def test_a_budget_ends_an_experiment_in_the_middle_of_its_runs(both: Services, giver: Giver,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop rule `cost_usd` counts what is recorded, and runs that are under way stand."""
    monkeypatch.setattr(share_budgets, "FRESH", 0.0)
    giver.price = 0.1
    plan = await run(both, await planned(both, stop={"first": [{"cost_usd": 1.5}]}, pasts={"seeds": 40}))
    assert (plan.row.status, plan.row.reason) == ("completed", "its budget is spent")
    async with both.database.read() as session:
        spent = (await Spending(session).read([plan.id]))[plan.id]
        desired = set(await session.scalars(select(RunRow.desired).where(RunRow.share == plan.id)))
        assert set(await session.scalars(select(RunRow.share))) == {plan.id}, "a share of its own"
    assert 1.5 <= spent.cost_usd <= 1.5 + 4 * 0.1 + 1e-9, "one call a running turn beyond it"
    assert spent.cost_usd == pytest.approx(giver.calls * 0.1)
    assert desired <= {"none", "run"}
    assert {state for *_, state in await cells(both, plan)} > {"planned"}
    before = giver.calls
    plan = await run(both, plan)
    assert (plan.row.status, giver.calls) == ("completed", before), "nothing more is spent when it is asked to go on"
