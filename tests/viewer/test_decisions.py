"""What a person decides on the page: a model's proposal, and what a run may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.serving import Serving
from tests.viewer.conftest import PLAZA
from tests.viewer.test_accessibility import violations

SUPERVISED: dict[str, Any] = {**PLAZA, "name": "supervised", "injects": [], "rules": [],
                              "roles": {**PLAZA["roles"], "ann": {**PLAZA["roles"]["ann"], "approve": "bob"}},
                              "flow": {"start": "deal", "phases": {"deal": {
                                  "speakers": ["ann", "bob"], "action": "offer",
                                  "next": [{"to": "end", "after_rounds": 3}]}}}}


async def supervised(server: Serving) -> str:
    """A run that waits for a decision on what Ann's model proposes."""
    await server.post("/templates", {"content": SUPERVISED}, 201)
    made = await server.post("/runs", {"template": "supervised", "seed": 1}, 201)
    waits = await server.settled(made["run_id"])
    assert waits["waiting"][0]["task"] == "approve"
    return str(made["run_id"])


async def said_by_ann(server: Serving, run_id: str) -> list[Any]:
    events = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    return [event for event in events if event["source"] == "ann" and event["kind"] in ("utterance", "action")]


async def test_a_proposal_is_accepted_edited_and_rejected(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await supervised(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".approval .proposal")
    page = shown.page
    proposal = (await server.get(f"/runs/{run_id}"))["waiting"][0]["proposal"]
    assert proposal["text"] in await shown.text(".proposal")
    assert str(proposal["actions"]["offer"]["price"]) in await shown.text(".proposal")
    assert "Bob decides" in await shown.text(".approval")
    assert await said_by_ann(server, run_id) == []
    assert not await violations(shown)
    await page.click(".approval button:has-text('Accept')")
    await page.wait_for_selector(".block.speech .who:text-is('Ann')")
    assert (await said_by_ann(server, run_id))[0]["payload"]["text"] == proposal["text"]

    await page.wait_for_selector(".approval header:has-text('Turn 3')")
    await page.click(".approval button:has-text('Edit')")
    assert await page.input_value(".approval textarea") == (await server.get(f"/runs/{run_id}"))["waiting"][0][
        "proposal"]["text"]
    assert not await violations(shown)
    await page.fill(".approval textarea", "I say it otherwise.")
    await page.fill(".approval input[type=number]", "42")
    await page.click(".approval button:has-text('Send as edited')")
    tag = await page.wait_for_selector(".block.speech:has-text('I say it otherwise.') .tag:has-text('edited by')")
    assert (await tag.bounding_box())["height"] < 30, "its picture is as small as its words"
    assert (await said_by_ann(server, run_id))[-1]["payload"]["arguments"]["price"] == 42

    await page.wait_for_selector(".approval header:has-text('Turn 5')")
    before = await said_by_ann(server, run_id)
    await page.click(".approval button:has-text('Reject')")
    await page.fill(".approval textarea", "Too much for a Monday.")
    await page.click(".approval button.danger")
    await page.wait_for_selector(".ending")
    assert await said_by_ann(server, run_id) == before
    await page.wait_for_selector(".status-line:has-text('Too much for a Monday.')")


async def test_proposals_are_decided_at_a_seat(server: Serving, open_page: Callable[..., Any]) -> None:
    """Bob, at a telephone: a tool is used otherwise, another use is refused, words are changed and let pass."""
    ann = {**SUPERVISED["roles"]["ann"], "tools": ["dice"]}
    template = {**SUPERVISED, "name": "seated", "roles": {**SUPERVISED["roles"], "ann": ann}}
    await server.post("/templates", {"content": template}, 201)
    run_id = (await server.post("/runs", {"template": "seated", "seed": 1, "people": {"bob": "kim"}}, 201))["run_id"]
    [asked] = (await server.settled(run_id))["waiting"]
    assert (asked["about"], asked["proposal"]["tool"]) == ("tool", "dice")
    token = (await server.post(f"/runs/{run_id}/roles/bob/seat", {"person": "kim"}, 201))["token"]
    seat = await open_page(f"{server.url}/#/seat/{token}", wait=".approval .proposal",
                           viewport={"width": 390, "height": 844}, has_touch=True)
    page = seat.page
    assert "Ann wants to use a tool" in " ".join((await seat.text(".approval header")).split())
    assert str(asked["proposal"]["arguments"]["sides"]) in await seat.text(".proposal")
    assert await page.evaluate("document.documentElement.scrollWidth <= 390")
    await page.click(".approval button:has-text('Edit')")
    await page.fill(".approval label:has-text('Sides') input", "20")
    assert not await violations(seat)
    await page.click(".approval button:has-text('Send as edited')")

    await page.wait_for_selector(".approval button:has-text('Accept')")
    await page.click(".approval button:has-text('Reject')")
    assert "told the reason" in await seat.text(".approval")
    await page.fill(".approval textarea", "Once is enough.")
    await page.click(".approval button.danger")

    await page.wait_for_selector(".approval header:has-text('proposes')")
    await page.click(".approval button:has-text('Edit')")
    await page.fill(".approval textarea", "I say it otherwise.")
    await page.click(".approval button:has-text('Send as edited')")
    await page.wait_for_selector(".bubble:has-text('I say it otherwise.')")
    await page.wait_for_selector(".person-form:not(.approval)")
    assert "ann-knows-a-thing" not in await page.content()
    events = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    [called] = [event["payload"] for event in events if event["kind"] == "tool_called"]
    assert called["arguments"] == {**asked["proposal"]["arguments"], "sides": 20}
    [refused] = [event["payload"] for event in events if event["kind"] == "tool_refused"]
    assert (refused["person"], refused["reason"]) == ("kim", "Once is enough.")
    assert [event["payload"]["action"] for event in events if event["kind"] == "control"
            and "proposal" in event["payload"]["arguments"]] == ["edit", "reject", "edit"]
    operator = await open_page(f"{server.url}/#/runs/{run_id}", wait=".block.move:has-text('refused by kim')")
    assert "Once is enough." in await operator.text(".block.move:has-text('refused by kim')")
    assert not await violations(operator)


async def test_a_budget_is_set_and_refused(server: Serving, open_page: Callable[..., Any],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await server.run(start=False)
    monkeypatch.setattr(type(server.services.models), "priced", lambda self, alias: False)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".spend")
    page = shown.page
    await page.click("button.spend")
    await page.fill("dialog input[type=number]", "0.5")
    await page.click("dialog footer .primary")
    await page.wait_for_selector("dialog .problem:has-text('no price is known for gate')")
    assert not await violations(shown)
    await page.check("dialog input[type=checkbox]")
    await page.click("dialog footer .primary")
    await page.wait_for_selector("dialog", state="detached")
    await page.wait_for_selector(".spend:has-text('of $0.500')")
    assert (await server.get(f"/runs/{run_id}"))["settings"]["budget_usd"] == 0.5

    server.model.gate.clear()
    await server.post(f"/runs/{run_id}/start", None, 202)
    await page.wait_for_selector(".pill.running")
    await page.click("button.spend")
    await page.wait_for_selector("dialog :text('Pause the run first')")
    assert await page.is_disabled("dialog footer .primary")
    await page.keyboard.press("Escape")
    server.model.gate.set()
    await page.wait_for_selector(".ending")
    await page.wait_for_selector("button.spend", state="detached")


async def test_a_refused_budget_at_the_start_says_why(server: Serving, open_page: Callable[..., Any],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(server.services.models), "priced", lambda self, alias: False)
    shown = await open_page(f"{server.url}/#/runs?new=1&template=talk", wait="dialog[open] select")
    page = shown.page
    await page.fill("dialog label:has-text('Budget') input", "2")
    await page.click("dialog footer .primary")
    await page.wait_for_selector("dialog .problem:has-text('no price is known')")
    await page.check("dialog label.check:has-text('unknown price') input")
    await page.click("dialog footer .primary")
    await page.wait_for_selector(".ending")
    assert "of $2.00" in await shown.text(".spend")


async def test_the_graph_of_phases_shows_where_the_play_is(server: Serving, open_page: Callable[..., Any]) -> None:
    made = await server.post("/runs", {"template": "plaza", "seed": 1}, 201)
    await server.settled(made["run_id"])
    shown = await open_page(f"{server.url}/#/runs/{made['run_id']}?panel=graph&turn=2", wait=".graph .node.lit")
    page = shown.page
    assert await page.text_content(".graph .node.lit") == "Ann"
    await page.click(".switch button:has-text('Phases')")
    assert "The opening" in (await page.text_content(".graph .phase-node.lit") or "")
    await page.click(".graph .phase-node:has-text('The deal')")
    await page.wait_for_selector(".graph .phase-node.lit:has-text('The deal')")
    assert not await violations(shown)
