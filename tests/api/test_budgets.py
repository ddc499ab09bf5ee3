"""The budget of a run that was made already, over HTTP: what it does, and when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.llm.scripted.model import ScriptedModel
from tests.api.serving import Serving


class DearModel(ScriptedModel):
    """Each call costs ten cents."""

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        reply = await super().complete(request, on_token)
        return replace(reply, usage=replace(reply.usage, cost_usd=0.1))


@pytest.fixture
def dear(server: Serving) -> Serving:
    """A server whose model costs money."""
    server.services.models.register("gate", DearModel(alias="gate"))
    return server


async def test_a_new_budget_holds_from_the_next_turn_on(dear: Serving) -> None:
    run_id = (await dear.post("/runs", {"template": "talk", "seed": 1, "budget_usd": 0.15, "start": False}, 201))[
        "run_id"]
    for _ in range(2):
        await dear.post(f"/runs/{run_id}/step", None, 202)
        stands = await dear.settled(run_id)
    assert stands["usage"]["cost_usd"] == pytest.approx(0.1)
    assert stands["settings"]["budget_usd"] == 0.15
    accepted = await dear.post(f"/runs/{run_id}/budget", {"budget_usd": 0.35}, 202, headers={"X-Actor": "kim"})
    assert (accepted["action"], accepted["actor"], accepted["status"]) == ("budget", "kim", "paused")
    await dear.post(f"/runs/{run_id}/resume", None, 202)
    ended = await dear.settled(run_id)
    assert (ended["turn"], ended["outcome"]["label"]) == (4, "budget")
    assert ended["settings"]["budget_usd"] == 0.35
    told = (await dear.get(f"/runs/{run_id}/events", params={"kind": "control"}))["items"]
    assert {"budget_usd": 0.35} in [event["payload"]["arguments"] for event in told]
    replayed = await dear.post(f"/runs/{run_id}/replay", None)
    assert replayed["same"] is True, replayed
    assert (await dear.post(f"/runs/{run_id}/budget", {"budget_usd": 9}, 409))["code"] == "run.wrong_state"


async def test_a_budget_is_lifted(dear: Serving) -> None:
    run_id = (await dear.post("/runs", {"template": "talk", "budget_usd": 0.05, "start": False}, 201))["run_id"]
    await dear.post(f"/runs/{run_id}/budget", {"budget_usd": None}, 202)
    assert "budget_usd" not in (await dear.get(f"/runs/{run_id}"))["settings"]
    await dear.post(f"/runs/{run_id}/start", None, 202)
    assert (await dear.settled(run_id))["turn"] == 6


async def test_what_is_spent_cannot_be_a_budget_and_a_run_that_plays_keeps_its_own(dear: Serving) -> None:
    run_id = (await dear.post("/runs", {"template": "talk", "start": False}, 201))["run_id"]
    for _ in range(3):
        await dear.post(f"/runs/{run_id}/step", None, 202)
        await dear.settled(run_id)
    refused: Any = await dear.post(f"/runs/{run_id}/budget", {"budget_usd": 0.1}, 422)
    assert refused["code"] == "run.budget_spent"
    assert "0.2" in refused["detail"]
    dear.services.models.register("gate", dear.model)
    dear.model.gate.clear()
    other = await dear.run()
    await dear.asked()
    refused = await dear.post(f"/runs/{other}/budget", {"budget_usd": 5}, 409)
    assert "budget" not in refused["cure"]
    dear.model.gate.set()
    await dear.settled(other)
    for wrong in (0, -1, 1e12, "much"):
        await dear.post(f"/runs/{run_id}/budget", {"budget_usd": wrong}, 422)


async def test_a_budget_needs_prices(dear: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await dear.run(start=False)
    monkeypatch.setattr(type(dear.services.models), "priced", lambda self, alias: False)
    refused = await dear.post(f"/runs/{run_id}/budget", {"budget_usd": 5}, 422)
    assert refused["code"] == "run.unknown_price"
    await dear.post(f"/runs/{run_id}/budget", {"budget_usd": 5, "allow_unknown_price": True}, 202)
