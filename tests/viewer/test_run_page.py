"""The run page in a real browser: what it shows is what was recorded, and nothing that it shows becomes markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.serving import Serving
from tests.viewer.conftest import HOSTILE, play


async def test_all_lines_are_there_and_hostile_text_stays_text(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".ending")
    page = shown.page
    said = {f"line-{event['seq']}": event["payload"]["text"] for event in (await server.get(
        f"/runs/{run_id}/events", params={"kind": "utterance", "limit": 1000}))["items"]}
    assert any(HOSTILE in text for text in said.values())
    assert await shown.all_lines() == said
    assert await page.title() != "owned"
    assert await page.locator("img, main script").count() == 0


async def test_a_role_is_read_as_it_heard_and_its_prompt_is_shown(server: Serving, open_page: Callable[..., Any]
                                                                   ) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}?as=ann&turn=5&panel=mind", wait=".prompt")
    page = shown.page
    await page.wait_for_selector("text=canary-whisper-to-bob")
    whisper = page.locator(".block.inject", has_text="canary-whisper-to-bob")
    assert "dimmed" in (await whisper.get_attribute("class") or "")
    assert "only to Bob" in await whisper.inner_text()
    prompt = await shown.text(".prompt")
    calls = (await server.get(f"/runs/{run_id}/calls", params={"role": "ann", "prompts": True, "to_turn": 5}))["items"]
    for message in calls[-1]["messages"]:
        assert message["content"].split("\n")[0] in prompt
    assert "canary" not in prompt
    assert "ann-knows-a-thing" in await shown.text(".panels")
    await page.select_option(".lens-choice select", "bob")
    await shown.until("!document.querySelector('.block.inject.whispered.dimmed')")
    assert "as=bob" in page.url


async def test_the_scrubber_shows_the_world_at_a_turn(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".variables")
    page = shown.page
    await page.wait_for_selector(".ending")
    for turn in (2, 3, 4):
        state = (await server.get(f"/runs/{run_id}/states/{turn}"))["state"]["variables"]
        await page.goto(f"{server.url}/#/runs/{run_id}?turn={turn}")
        await page.reload()
        await page.wait_for_selector(f"h2:has-text('After turn {turn}')")
        table = await shown.text(".variables")
        assert str(state["trust"]) in table
        assert str(state["mood"]) in table
    await page.focus(".track")
    await page.keyboard.press("ArrowLeft")
    await page.wait_for_selector("h2:has-text('After turn 3')")
    assert await page.locator("tr.changed").count() == 2
    await page.keyboard.press("End")


async def test_a_score_leads_to_the_line_that_it_rests_on(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    rows = (await server.get(f"/runs/{run_id}/measurements"))["items"]
    events = {event["key"]: event for event in (await server.get(f"/runs/{run_id}/events", params={
        "limit": 1000}))["items"]}
    cited = next((events[key] for row in rows for key in row["evidence"] if key in events), None)
    shown = await open_page(f"{server.url}/#/runs/{run_id}?panel=scores", wait=".measure")
    assert f"{rows[0]['value']:g}" in await shown.text(".measure")
    if cited is not None:
        await shown.page.locator(".panel .cites a").first.click()
        await shown.page.wait_for_selector(".block.chosen, .scores .chosen, [id^=line-]")
        assert "line=" in shown.page.url


async def test_the_past_is_not_shown_before_it_has_been_read(server: Serving, open_page: Callable[..., Any]) -> None:
    """The variables of a turn are reckoned from the run's present and its events: with half of them they are wrong."""
    run_id = await play(server)
    then = (await server.get(f"/runs/{run_id}/states/2"))["state"]["variables"]
    shown = await open_page(f"{server.url}/")
    page = shown.page
    read = await shown.hold(f"**/api/v1/runs/{run_id}/stream*")
    await page.goto(f"{server.url}/#/runs/{run_id}?turn=3")
    await page.wait_for_selector(".run-head .titles")
    await page.keyboard.press("[")
    await page.wait_for_selector("h2:has-text('After turn 2')")
    assert await page.locator(".variables").count() == 0
    await page.goto(f"{server.url}/#/runs/{run_id}/futures?with={run_id}")
    await page.wait_for_selector(".page .empty:has-text('Reading')")
    read.set()
    await page.goto(f"{server.url}/#/runs/{run_id}?turn=2")
    assert str(then["trust"]) == await shown.text(".variables tr:first-child td >> b")


async def test_a_key_that_is_pressed_before_the_run_has_been_read_counts(server: Serving,
                                                                         open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/")
    page = shown.page
    read = await shown.hold(f"**/api/v1/runs/{run_id}")
    await page.goto(f"{server.url}/#/runs/{run_id}?line=3")
    await page.wait_for_selector(".block.chosen")
    for key in ("i", "s", " ", "f"):    # what needs the run waits for it or does nothing
        await page.keyboard.press(key)
    assert await page.locator("dialog[open]").count() == 0
    read.set()
    await page.wait_for_selector("dialog[open] textarea")
    assert not shown.wrong


async def test_the_keyboard_does_it_all(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".ending")
    page = shown.page
    await page.keyboard.press("k")
    await page.wait_for_selector(".block.chosen")
    before = page.url
    await page.keyboard.press("k")
    assert page.url != before
    await page.keyboard.press("c")
    await page.wait_for_selector("[role=tab][aria-selected=true]:has-text('Call')")
    await page.wait_for_selector(".call .figures")
    await page.keyboard.press("l")
    await page.wait_for_selector(".read-as")
    await page.keyboard.press("Escape")
    await page.wait_for_selector(".read-as", state="detached")
    await page.keyboard.press("?")
    await page.wait_for_selector("dialog[open] .key-list")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await page.wait_for_selector(".scenario-cards")


async def test_a_refused_control_says_why(server: Serving, open_page: Callable[..., Any]) -> None:
    made = await server.post("/runs", {"template": "plaza", "seed": 1, "start": False}, 201)
    shown = await open_page(f"{server.url}/#/runs/{made['run_id']}", wait=".controls")
    page = shown.page
    assert await page.get_attribute("button:has-text('Inject')", "aria-disabled") == "false"
    await server.post(f"/runs/{made['run_id']}/stop", None, 202)
    await server.settled(made["run_id"])
    await page.wait_for_selector(".pill.stopped")
    assert await page.locator("button:has-text('Run again the same')").count() == 1


async def test_pause_inject_and_resume_from_the_page(server: Serving, open_page: Callable[..., Any]) -> None:
    server.model.gate.clear()
    made = await server.post("/runs", {"template": "plaza", "seed": 1}, 201)
    shown = await open_page(f"{server.url}/#/runs/{made['run_id']}", wait=".pill.running")
    page = shown.page
    await page.click(".controls button:has-text('Pause')")
    await page.wait_for_selector(".pill:has-text('pause asked')")
    server.model.gate.set()
    await page.wait_for_selector(".pill.paused")
    await page.keyboard.press("i")
    await page.fill("dialog textarea", "Rain begins.")
    await page.click("dialog .audience button:has-text('Ann')")
    await page.click("dialog footer .primary")
    await page.wait_for_selector("dialog", state="detached")
    await page.click(".controls button:has-text('Resume')")
    await page.wait_for_selector(".ending")
    inject = next(event for event in (await server.get(f"/runs/{made['run_id']}/events", params={
        "kind": "inject"}))["items"] if event["payload"]["text"] == "Rain begins.")
    assert inject["audience"] == ["ann"]
