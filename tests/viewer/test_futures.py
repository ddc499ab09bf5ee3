"""A line forked with other words, and the two futures beside each other; the same from a folder on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import gather
from tests.api.serving import Serving
from tests.viewer.conftest import play


async def test_fork_a_line_and_compare(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server)
    line = next(event for event in (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"]
                if event["turn"] == 3)
    shown = await open_page(f"{server.url}/#/runs/{run_id}?line={line['seq']}", wait=".block.chosen")
    page = shown.page
    await page.keyboard.press("f")
    await page.fill("dialog textarea >> nth=0", "I came to buy nothing.")
    await page.fill("dialog input[maxlength]", "what if")
    await page.click("dialog footer .primary")
    await page.wait_for_selector("#parting")
    child = next(run for run in (await server.get(f"/runs/{run_id}/family"))["items"] if run["run_id"] != run_id)
    assert child["name"] == "what if"
    await server.settled(child["run_id"])
    await page.wait_for_selector(".tree .pill.completed >> nth=1")
    first = page.locator(".future-row").first
    assert line["payload"]["text"] in await first.locator("> div").first.inner_text()
    assert "I came to buy nothing." in await first.locator("> div").last.inner_text()
    assert "Both share turns 1 to 2" in await shown.text(".shared")
    assert await page.locator(".card .chart").count() >= 1
    assert "what if" in await shown.text(".tree")
    edits = await shown.text(".edit-list")
    assert "message" in edits


async def test_a_folder_opens_from_disk_with_the_same_page(server: Serving, open_page: Callable[..., Any],
                                                           tmp_path: Path) -> None:
    run_id = await play(server)
    made = await server.post(f"/runs/{run_id}/fork", {"at_turn": 3, "edits": {"seed": 9}}, 201)
    await server.settled(made["run_id"])
    folder = RunFolder(tmp_path / "out")
    async with server.services.database.read() as session:
        for each in (run_id, made["run_id"]):
            folder.add(await gather(session, each))
    folder.finish()
    address = f"file://{tmp_path}/out/index.html"
    shown = await open_page(f"{address}#/runs/{run_id}?as=bob&turn=5&panel=mind", wait=".prompt")
    page = shown.page
    await page.wait_for_selector(".connection.folder")
    assert "canary-secret-of-bob" in await shown.text(".panels")
    assert await page.locator(".controls").count() == 0
    await page.goto(f"{address}#/runs/{run_id}/futures?with={made['run_id']}")
    await page.wait_for_selector("#parting, .empty")
    assert await page.locator(".tree tr").count() == 2
    await page.goto(f"{address}#/runs")
    await page.wait_for_selector(".runs tbody tr >> nth=1")
    assert [url for url in shown.asked if not url.startswith(("file:", "data:", "blob:"))] == []
