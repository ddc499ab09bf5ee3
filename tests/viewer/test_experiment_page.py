"""From an effect to its evidence: a contrast, its pairs, two futures, a score, the line that it cites."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import gather
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.services.experiments.experiment_folder import experiment_parts
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, load_plan
from tests.api.serving import Serving
from tests.viewer.test_accessibility import violations

HEAT: dict[str, Any] = {
    "kind": "experiment", "name": "heat", "version": "1.0.0", "title": "Does heat matter?",
    "question": "Is Ann less warm when it is hot?", "scenario": "plaza", "pasts": {"seeds": 4, "until": {"turn": 2}},
    "arms": {"calm": {}, "hot": {"parameters": {"heat": 0.9}}}, "contrasts": [{"hot": "calm"}],
    "measures": {"primary": {"name": "warmth", "of": "ann"}, "secondary": [{"name": "trust", "variable": "trust"}]}}


async def test_from_effect_to_evidence(server: Serving, open_page: Callable[..., Any], tmp_path: Path) -> None:
    made = await server.post("/experiments", {"content": HEAT, "start": True}, 201)
    number = made["experiment_id"]
    shown = await open_page(f"{server.url}/#/experiments", wait=".experiment-list")
    page = shown.page
    await page.click("text=Does heat matter?")
    async with asyncio.timeout(60):
        while not (await server.get(f"/experiments/{number}"))["complete"]:
            await page.wait_for_timeout(200)
    await page.wait_for_selector(".tiles .pill.completed")
    results = await server.get(f"/experiments/{number}/results")
    contrast = next(row for row in results["contrasts"] if row["measure"] == "warmth")
    await page.wait_for_selector(".contrast")
    assert await page.locator(".contrast").first.locator("circle").count() == len(contrast["pairs"]) == 4
    assert not await violations(shown)
    await page.locator(".contrast-head").first.click()
    await page.wait_for_selector(".pairs")
    widest = max(contrast["pairs"], key=lambda pair: abs(pair["difference"]))
    first = page.locator(".pairs tbody tr").first
    assert (await first.inner_text()).startswith(str(widest["past"])) or abs(widest["difference"]) == abs(
        contrast["pairs"][0]["difference"])
    await first.locator("button").click()
    await page.wait_for_selector(".run-evidence .cited")
    lines = page.locator(".cited-line")
    if await lines.count():
        said = await lines.first.locator("span").inner_text()
        await lines.first.click()
        await page.wait_for_selector(".block.chosen, .scores .chosen")
        assert said[:30] in await shown.text(".transcript")
        await page.go_back()
    await page.wait_for_selector(".pairs")
    await page.locator(".pairs tbody tr").first.locator("a.button").click()
    await page.wait_for_selector("#parting, .empty")
    await page.wait_for_selector(".tree .pick[aria-pressed=true] >> nth=1")
    assert await page.locator(".tree .pick[aria-pressed=true]").count() == 2
    await page.goto(f"{server.url}/#/experiments/{number}?tab=board")
    await page.wait_for_selector(".board a.cell.ended >> nth=7")
    assert await page.locator(".board a.cell.ended").count() == 8
    points = (await server.get(f"/experiments/{number}/narrowing"))["items"]
    assert [point["ended"] for point in points] == sorted({point["ended"] for point in points})
    if results["half_width"] is None:    # what never varies has no interval
        assert points == []
    else:
        assert points[-1] == {"ended": 8, "half_width": results["half_width"]}
    if len(points) > 1:
        await page.wait_for_selector(".card .chart canvas")    # also where the page was opened when all was over
    await page.goto(f"{server.url}/#/experiments/{number}?tab=report")
    await page.wait_for_selector(".report table")
    assert HEAT["question"] in await shown.text(".report")

    plan = await load_experiment(server, number)
    parts, runs = await experiment_parts(server.services, plan)
    folder = RunFolder(tmp_path / "out")
    async with server.services.database.read() as session:
        for run_id in runs:
            folder.add(await gather(session, run_id))
    folder.add_experiment(number, parts)
    folder.finish()
    disk = await open_page(f"file://{tmp_path}/out/index.html#/experiments/{number}?contrast=warmth:hot:calm",
                           wait=".pairs")
    await disk.page.locator(".pairs button").first.click()
    await disk.page.wait_for_selector(".run-evidence .cited")
    await disk.page.locator(".pairs a.button").first.click()
    await disk.page.wait_for_selector("#parting, .empty")
    assert not [url for url in disk.asked if not url.startswith(("file:", "data:", "blob:"))]


TWO_JUDGES: dict[str, Any] = {
    **HEAT, "name": "judged-heat", "measures": {"primary": {"name": "candour", "of": "ann"}},
    "judges": {"by": ["strict", "kind"], "repeats": 2, "measures": [
        {"name": "candour", "scale": [1, 5], "of": "ann", "rubric": "How openly she speaks."}]}}


async def test_two_judges_beside_each_other(server: Serving, open_page: Callable[..., Any]) -> None:
    for judge in ("strict", "kind"):
        server.services.models.register(judge, ScriptedModel(alias=judge))
    made = await server.post("/experiments", {"content": TWO_JUDGES, "start": True}, 201)
    number = made["experiment_id"]
    shown = await open_page(f"{server.url}/#/experiments/{number}", wait=".tiles")
    async with asyncio.timeout(60):
        while (await server.get(f"/experiments/{number}"))["judgements"] != {"strict": 16, "kind": 16}:
            await shown.page.wait_for_timeout(100)
    scores = (await server.get(f"/experiments/{number}/judgements"))["items"]
    assert {score["judge"] for score in scores} == {"strict", "kind"}
    await shown.page.goto(f"{server.url}/#/experiments/{number}?tab=judges")
    await shown.page.wait_for_selector(".judges tbody tr")
    head = await shown.text(".judges thead")
    assert all(f"{judge} · {turn}" in head for judge in ("strict", "kind") for turn in (1, 2))
    rows = shown.page.locator(".judges tbody tr")
    assert await rows.count() == len({score["run_id"] for score in scores}) == 8
    apart = [float(await rows.nth(at).locator("td").last.inner_text()) for at in range(8)]
    assert apart == sorted(apart, reverse=True)
    await shown.page.wait_for_selector(".agreement tbody tr >> nth=2")
    assert not await violations(shown)


async def load_experiment(server: Serving, number: str) -> ExperimentPlan:
    async with server.services.database.read() as session:
        return await load_plan(session, number)
