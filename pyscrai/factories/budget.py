"""The check of a budget: a bound on the cost of a run binds only where every model has a price."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.errors import RunError
from pyscrai.llm.models import Models
from pyscrai.templates.models.analysis import End


async def check_budget(plan: Plan, models: Models) -> None:
    """See that the run's cost can be known, where the run or its scenario bounds it.

    Raises:
        RunError: a model of the cast has no known price.
        ConfigError: a model alias is unknown.
    """
    bound = next(_bounds(plan.ends), None) if plan.budget_usd is None else plan.budget_usd
    if bound is None:
        return
    aliases = {alias for instance in plan.cast.values() for alias in (instance.model, instance.failure.fallback)
               if alias is not None}
    # In a thread: the first look at the catalogue of prices loads it.
    unpriced = await asyncio.to_thread(lambda: [alias for alias in sorted(aliases) if not models.priced(alias)])
    if unpriced:
        raise RunError(
            f"a budget of {bound:g} USD cannot be kept: no price is known for {', '.join(unpriced)}",
            code="run.unknown_price", aliases=unpriced,
            cure="set `price` in the alias (zeros where it costs nothing), or allow it with --allow-unknown-price, "
                 "`allow_unknown_price` in the API: calls without a price are then not counted")


def _bounds(ends: Iterable[End]) -> Iterator[float]:
    for end in ends:
        if end.cost_usd is not None:
            yield end.cost_usd
        yield from _bounds((*(end.any or ()), *(end.all or ())))
