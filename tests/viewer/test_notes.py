"""Notes on lines: written, found again, read in a folder on disk; and words that stream to a seat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import gather
from tests.api.serving import Serving
from tests.viewer.conftest import HOSTILE, play
from tests.viewer.test_accessibility import violations


async def test_a_note_is_written_found_and_read_from_disk(server: Serving, open_page: Callable[..., Any],
                                                          tmp_path: Path) -> None:
    run_id = await play(server)
    line = (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"][2]
    shown = await open_page(f"{server.url}/#/runs/{run_id}?line={line['seq']}", wait=".block.chosen")
    page = shown.page
    await page.keyboard.press("n")
    await page.fill("dialog textarea", f"Here the mood turns. {HOSTILE}")
    await page.fill("dialog input", "turning point, mood")
    await page.click("dialog footer .primary")
    await page.wait_for_selector(f"#line-{line['seq']} .notes .tag:has-text('mood')")
    kept = (await server.get(f"/runs/{run_id}/annotations"))["items"]
    assert [(note["key"], note["tags"]) for note in kept] == [(line["key"], ["turning point", "mood"])]
    assert not await violations(shown)
    await page.goto(f"{server.url}/#/runs/{run_id}?panel=notes")
    await page.reload()
    await page.click(".note-list button")
    await page.wait_for_selector(f"#line-{line['seq']}.chosen .notes")
    assert not await violations(shown)

    folder = RunFolder(tmp_path / "out")
    async with server.services.database.read() as session:
        folder.add(await gather(session, run_id))
    folder.finish()
    disk = await open_page(f"file://{tmp_path}/out/index.html#/runs/{run_id}?panel=notes", wait=".note-list button")
    await disk.page.click(".note-list button")
    await disk.page.wait_for_selector(".block.chosen .notes")
    assert await disk.page.locator(".notes button, .line-actions [aria-label='Write a note']").count() == 0

    await page.click(".notes button")
    await page.wait_for_selector(".notes", state="detached")
    assert (await server.get(f"/runs/{run_id}/annotations"))["items"] == []


async def test_words_stream_to_a_seat_and_are_taken_back(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server, people={"bob": "kim"})
    link = await server.post(f"/runs/{run_id}/roles/bob/seat", {"person": "kim"}, 201)
    seat = await open_page(f"{server.url}/#/seat/{link['token']}", wait=".seat-form",
                           viewport={"width": 390, "height": 844})
    page = seat.page
    server.model.gate.clear()
    await page.fill(".seat-form textarea", "I am here.")
    await page.click(".seat-form .primary")
    await server.asked()
    await page.wait_for_selector("text=The others are playing")
    turn = (await server.get(f"/runs/{run_id}"))["turn"] + 1
    hear = server.context.hub._listener(run_id)
    hear("ann", turn, "These words ")
    hear("ann", turn, "are not to stay.")
    await page.wait_for_selector(".bubble.streaming:has-text('These words are not to stay.')")
    hear("ann", turn, None)
    await page.wait_for_selector(".bubble.streaming", state="detached")
    server.model.gate.set()
    await page.wait_for_selector(".seat-form")
    assert "not to stay" not in await seat.text(".seat-lines")
