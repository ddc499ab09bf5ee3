"""The viewer's "Export": all that the API has, of a run, of chosen runs, of a tag and of an experiment."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from playwright.async_api import Page

from pyscrai.llm.scripted.model import ScriptedModel
from tests.api.serving import Serving
from tests.api.test_experiments import finished
from tests.viewer.conftest import play
from tests.viewer.test_experiment_page import TWO_JUDGES

RADIOS = "[...document.querySelectorAll('dialog[open] input[name=format]')].map(each => each.value)"


async def formats(server: Serving, operation: str) -> list[str]:
    """The formats of an operation, as the API's document tells them."""
    document = (await server.client.get("/openapi.json")).json()
    [found] = [each for methods in document["paths"].values() for each in methods.values()
               if each["operationId"] == operation]
    [asked] = [each["schema"] for each in found["parameters"] if each["name"] == "format"]
    return sorted(asked["enum"])


async def had(page: Page, format: str) -> tuple[str, bytes]:
    """The name and content of what the open dialog downloads in a format."""
    await page.click(f"dialog[open] label:has(input[value={format}])")
    async with page.expect_download() as coming:
        await page.click("dialog[open] button[type=submit]")
    download = await coming.value
    await page.wait_for_selector("dialog", state="detached")
    return download.suggested_filename, Path(await download.path()).read_bytes()  # noqa: ASYNC240


async def test_every_format_of_a_run_is_offered_and_comes(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".ending")
    page = shown.page
    await page.click(".run-head button:has-text('Export')")
    await page.wait_for_selector("dialog[open]")
    offered = await page.evaluate(RADIOS)
    assert sorted(offered) == await formats(server, "export_run")
    begins = {"html": b"<!", "markdown": b"#", "json": b"{", "jsonl": b"{", "csv": b'"run_id"', "parquet": b"PAR1",
              "chat": b'{"messages"', "inspect": b"PK", "huggingface": b"PK", "folder": b"PK"}
    assert begins.keys() == set(offered)
    for format in offered:
        if not await page.locator("dialog[open]").count():
            await page.click(".run-head button:has-text('Export')")
        name, content = await had(page, format)
        assert name.startswith(run_id)
        assert content.lstrip().lower().startswith(begins[format].lower()), format


async def test_the_keyboard_chooses_and_downloads(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".ending")
    page = shown.page
    await page.keyboard.press("x")
    await page.wait_for_selector("dialog[open]")
    assert await page.evaluate("document.activeElement.value") == "html"
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.value") == "json"
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.type") == "checkbox"
    await page.keyboard.press("Space")
    async with page.expect_download() as coming:
        await page.keyboard.press("Enter")
    text = Path(await (await coming.value).path()).read_text()  # noqa: ASYNC240
    assert "calls" not in json.loads(text)
    await page.wait_for_selector("dialog", state="detached")
    await page.keyboard.press("x")
    await page.wait_for_selector("dialog[open]")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")


async def test_chosen_runs_and_a_tag(server: Serving, open_page: Callable[..., Any]) -> None:
    ids = [await play(server, tags=["mine"], seed=seed) for seed in (1, 2)]
    await play(server)
    shown = await open_page(f"{server.url}/#/runs?tag=mine", wait=".runs tbody tr")
    page = shown.page
    await page.click("button:has-text('Export all with the tag mine')")
    await page.wait_for_selector("dialog[open]")
    assert sorted(await page.evaluate(RADIOS)) == await formats(server, "export_runs")
    await page.select_option("dialog[open] select", "turns")
    name, content = await had(page, "parquet")
    assert name == "mine-turns.parquet"
    assert set(pq.read_table(io.BytesIO(content)).column("run_id").to_pylist()) == set(ids)
    await page.click(f".runs input[aria-label='Choose {ids[0]}']")
    await page.click(".bulk button:has-text('Export')")
    assert "Export 1 run" in await shown.text("dialog[open] h2")
    _, content = await had(page, "jsonl")
    assert [json.loads(line)["run_id"] for line in content.splitlines()] == [ids[0]]


async def test_an_experiment_with_its_tables_and_report(server: Serving, open_page: Callable[..., Any]) -> None:
    for judge in ("strict", "kind"):
        server.services.models.register(judge, ScriptedModel(alias=judge))
    made = await server.post("/experiments", {"content": TWO_JUDGES, "start": True}, 201)
    experiment = made["experiment_id"]
    await finished(server, experiment)
    shown = await open_page(f"{server.url}/#/experiments/{experiment}", wait=".contrast")
    page = shown.page
    await page.click("button:has-text('Export')")
    await page.wait_for_selector("dialog[open]")
    offered = await page.evaluate(RADIOS)
    assert set(offered) == {*await formats(server, "export_runs"), "html", "markdown", "sheet"}
    name, content = await had(page, "sheet")
    assert (name, b"candour" in content) == ("judged-heat-labels.csv", True)
    await page.click("button:has-text('Export')")
    name, content = await had(page, "html")
    assert (name, b"<svg" in content) == (f"{experiment}.html", True)
    await page.click("button:has-text('Export')")
    await page.click("dialog[open] label:has(input[value=csv])")
    tables = await page.evaluate("[...document.querySelectorAll('dialog[open] option')].map(each => each.value)")
    await page.select_option("dialog[open] select", "contrasts")
    name, content = await had(page, "csv")
    assert (name.endswith("-contrasts.csv"), b'"arm"' in content) == (True, True)
    document = (await server.client.get("/openapi.json")).json()
    table = document["paths"]["/api/v1/experiments/{experiment_id}/tables/{table}"]["get"]["parameters"]
    assert sorted(tables) == sorted(next(each["schema"]["enum"] for each in table if each["name"] == "table"))
    await page.click("button:has-text('Export')")
    name, content = await had(page, "folder")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert any(each.endswith("/index.html") for each in archive.namelist())


async def test_what_is_refused_is_said_in_the_dialog(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    shown = await open_page(f"{server.url}/#/runs/{run_id}", wait=".ending")
    page = shown.page
    await page.keyboard.press("x")
    await page.wait_for_selector("dialog[open]")
    assert (await server.client.delete(f"/runs/{run_id}")).status_code == 204
    await page.click("dialog[open] button[type=submit]")
    await page.wait_for_selector("dialog[open] .problem")
    assert run_id in await shown.text("dialog[open] .problem")
    assert await page.is_enabled("dialog[open] button[type=submit]")
