"""All runs, a scenario as it is written, speech that is taken back, and the command that opens the viewer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.cli.main import main
from tests.api.serving import Serving
from tests.viewer.conftest import play


async def test_runs_are_filtered_searched_chosen_and_deleted(server: Serving, open_page: Callable[..., Any]) -> None:
    first, second = await play(server, tags=["red"], name="first"), await play(server, name="second")
    shown = await open_page(f"{server.url}/", wait=".runs tbody tr >> nth=1")
    page = shown.page
    assert "All 2" in (await shown.text(".counts")).replace("\n", " ")
    await page.fill(".tag-filter", "red")
    third = await server.run(start=False)   # the page reads its list anew meanwhile
    await page.wait_for_selector(f"text={third}")
    await server.client.delete(f"/runs/{third}")
    await page.wait_for_selector(f"text={third}", state="detached")
    assert await page.input_value(".tag-filter") == "red", "what is being typed stays"
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".runs tbody tr >> nth=1", state="detached")
    assert first in await shown.text(".runs")
    await page.goto(f"{server.url}/#/runs")
    await page.fill(".search input", "bell rings")
    await page.wait_for_selector(".hits li >> nth=1")
    assert await page.locator(".hits mark").count() >= 2
    await page.locator(".hits a").first.click()
    await page.wait_for_selector(".block.inject.chosen:has-text('A bell rings.')")
    await page.goto(f"{server.url}/#/runs")
    await page.check(f"input[aria-label='Choose {second}']")
    await page.click(".bulk .danger")
    await page.click("dialog footer .primary")
    await page.wait_for_selector(".runs tbody tr >> nth=1", state="detached")
    await server.get(f"/runs/{second}", 404)
    started = await server.run(start=False)
    await page.wait_for_selector(f"text={started}")


async def test_a_scenario_is_checked_completed_and_saved_as_one_types(server: Serving, open_page: Callable[..., Any]
                                                                       ) -> None:
    shown = await open_page(f"{server.url}/#/scenarios/new", wait=".phase-node")
    page = shown.page
    area = page.locator(".editor textarea")
    text = await area.input_value()
    await area.fill(text.replace("start: talk", "start: tlak"))
    await page.wait_for_selector(".checks .error")
    assert "tlak" in await shown.text(".checks")
    assert await page.locator(".gutter .wrong").count() == 1
    await area.fill(text)
    await page.wait_for_selector(".pill:has-text('Can be played')")
    await area.evaluate("area => area.setSelectionRange(0, 0)")
    await area.focus()
    await page.keyboard.type("des")
    await page.wait_for_selector(".offers li:has-text('description')")
    await page.keyboard.press("Enter")
    assert (await area.input_value()).startswith("description: ")
    await area.fill(text)
    await page.wait_for_selector(".pill:has-text('Can be played')")
    await page.click(".controls button:has-text('Dry run')")
    await page.wait_for_selector(".dry-run .block")
    await page.click(".controls .primary")
    await page.wait_for_selector("text=my-scenario@1.0.0")
    assert (await server.get("/templates/scenarios/my-scenario"))["title"] == "My scenario"


async def test_streamed_speech_is_shown_and_taken_back(server: Serving, open_page: Callable[..., Any]) -> None:
    server.model.gate.clear()
    made = await server.post("/runs", {"template": "plaza", "seed": 1}, 201)
    await server.asked()
    shown = await open_page(f"{server.url}/#/runs/{made['run_id']}", wait=".connection.live")
    hub = server.context.hub
    async with hub.watch(made["run_id"], tokens=True):
        hear = hub._listener(made["run_id"])
        hear("nora", 1, "These words ")
        hear("nora", 1, "are not to stay.")
        await shown.page.wait_for_selector(".block.streaming:has-text('These words are not to stay.')")
        hear("nora", 1, None)
        await shown.page.wait_for_selector(".block.streaming", state="detached")
    server.model.gate.set()
    await shown.page.wait_for_selector(".ending")
    assert "not to stay" not in await shown.text(".transcript")


async def test_the_command_names_the_viewer_of_the_server_that_runs(
        server: Serving, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = await server.run(start=False)
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", url)
    monkeypatch.setenv("PYSCRAI_CONFIG", "")
    port = server.url.rsplit(":", 1)[1]
    code = await asyncio.to_thread(main, ["view", run_id, "--port", port, "--no-browser", "--json"])
    assert code == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"viewer": f"{server.url}/#/runs/{run_id}"}


async def test_the_fleet_is_seen_with_its_processes_shares_and_budgets(server: Serving, open_page: Callable[..., Any]
                                                                       ) -> None:
    await server.client.put("/fleet/shares/ann", json={"budget_usd": 2.5, "held": True})
    shown = await open_page(f"{server.url}/#/fleet", wait=".fleet td")
    text = (await shown.text(".fleet")).replace("\n", " ")
    assert "1 process, 0 of" in text
    assert server.services.ownership.owner in text
    assert "$0 of $2.50" in text
    assert "held" in text
