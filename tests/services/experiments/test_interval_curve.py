"""How an interval narrowed, told from what is stored."""

from __future__ import annotations

import pytest

from pyscrai.factories.services import Services
from pyscrai.services.experiments.interval_curve import LOOKS, interval_curve, looks
from pyscrai.services.experiments.results import compute_results
from tests.services.experiments.test_experiment_runner import planned, run


@pytest.mark.parametrize("count", [0, 1, LOOKS, LOOKS + 1, 1_000])
def test_the_last_look_is_at_all_and_there_are_not_many(count: int) -> None:
    found = looks(count)
    assert found == sorted(set(found))
    assert len(found) <= LOOKS
    assert found[-1:] == ([count] if count else [])


async def test_the_curve_ends_with_the_interval_of_the_results(services: Services) -> None:
    plan = await planned(services, pasts={"seeds": 8})
    assert await interval_curve(services, plan) == []
    plan = await run(services, plan)
    width = (await compute_results(services, plan))["half_width"]
    points = await interval_curve(services, plan)
    assert width is not None
    assert points[-1] == {"ended": 16, "half_width": width}
    assert len(points) > 3
    assert all(point["ended"] >= 6 for point in points), "three pasts have two runs each"
