"""The budget of a stored run: raised, lowered or lifted while the run stands."""

from __future__ import annotations

from dataclasses import replace

from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.run_settings import RunSettings
from pyscrai.errors import RunError, WrongState
from pyscrai.factories.budget import check_budget
from pyscrai.factories.scenario_factory import load_plan
from pyscrai.factories.services import Services
from pyscrai.lifecycle import check_fits, is_unmet
from pyscrai.services.controls import Accepted, control_event
from pyscrai.services.outside_events import Within, change_runs


async def set_budget(services: Services, run_id: str, budget_usd: float | None, *, actor: str,
                     allow_unknown_price: bool = False, within: Within | None = None) -> Accepted:
    """Give a run that stands another budget; it holds from the next turn on.

    It must be more than what the run has cost, so that no turn that was played would have been its last: a replay
    comes to the same end.

    Args:
        budget_usd: the new one; None lifts it.
        allow_unknown_price: calls of models without a price are then not counted.

    Raises:
        NotFound: there is no such run.
        WrongState: the run plays, or has ended for good.
        RunError: so much was spent already, or a model of the cast has no known price.
    """
    if budget_usd is not None and not allow_unknown_price:
        await check_budget(replace(await load_plan(services, run_id), budget_usd=budget_usd), services.models)
    async with change_runs(services) as changes:
        row = await Runs(changes.session).get(run_id, lock=True)
        check_fits(run_id, row.status, row.desired, "budget")
        if is_unmet(row.status, row.desired):
            raise WrongState(f"{run_id} is about to go on: its budget changes while it stands",
                             cure="pause it first", run=run_id, status=row.status, action="budget")
        spent = row.usage.get("cost_usd") or 0.0
        if budget_usd is not None and budget_usd <= spent:
            raise RunError(f"a budget of {budget_usd:g} USD is spent: {run_id} has cost {spent:g} USD",
                           code="run.budget_spent", cure="name more than that, or stop the run")
        settings: RunSettings = {**row.settings, "budget_usd": budget_usd}
        if budget_usd is None:
            del settings["budget_usd"]
        elif allow_unknown_price:
            settings["allow_unknown_price"] = True
        row.settings = settings
        await changes.record(run_id, [control_event(row, "budget", actor, {"budget_usd": budget_usd})])
        accepted = Accepted(run_id, "budget", actor, row.status, row.desired)
        if within is not None:
            await within(changes.session, accepted)
    return accepted
