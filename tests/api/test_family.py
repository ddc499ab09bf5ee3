"""The runs that share a past."""

from __future__ import annotations

from tests.api.serving import Serving


async def test_a_family_is_all_that_was_forked_from_the_first(both: Serving) -> None:
    first = await both.run()
    await both.settled(first)
    child = (await both.post(f"/runs/{first}/fork", {"at_turn": 2, }, 201))["run_id"]
    await both.settled(child)
    grandchild = (await both.post(f"/runs/{child}/fork", {"at_turn": 1, "start": False}, 201))["run_id"]
    await both.run(start=False)
    for member in (first, child, grandchild):
        found = (await both.get(f"/runs/{member}/family"))["items"]
        assert sorted(run["run_id"] for run in found) == sorted([first, child, grandchild])
    await both.get("/runs/run_000000000000/family", 404)
