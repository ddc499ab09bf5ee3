"""Plays a few runs and an experiment with the scripted model and photographs the viewer; the result is committed.

    .venv/bin/python .ci/docs_pictures.py            # docs/pictures/viewer-*.png, when the viewer looks otherwise
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.viewer.browsers import launched

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "pictures"
SCENARIO, SEED, TURN, EXPERIMENT = "reservoir-crisis", 7, 8, "inject-timing"
NOTES = ((TURN - 2, "The first to name the numbers.", ["turning point"]),
         (TURN, "Evades the question of the press; compare with the forks.", ["evasion"]))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be taken: of which page, when it is there, and how."""

    name: str
    address: str
    wait: str
    dark: bool = False
    height: int = 800
    key: str = ""


@contextmanager
def server() -> Iterator[httpx.Client]:
    """A server of a database with a played experiment; its model is the scripted one."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        environment = {**os.environ, "PYSCRAI_DATA_DIR": home, "PYSCRAI_DATABASE_URL": f"sqlite:///{home}/runs.sqlite",
                       "PYSCRAI_MODEL": "scripted", "PYSCRAI_LOG_LEVEL": "error"}
        pyscrai = (sys.executable, "-m", "pyscrai")
        subprocess.run([*pyscrai, "experiment", "run", EXPERIMENT, "--json"], cwd=ROOT, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = subprocess.Popen([*pyscrai, "serve", "--port", str(port)], cwd=ROOT, env=environment,
                                   stdout=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
                _until(lambda: _ready(client))
                yield client
        finally:
            process.terminate()
            process.wait(30)


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.HTTPError:
        return False


def _until(true: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > 120:
            raise TimeoutError("the server or a run takes longer than two minutes")
        time.sleep(0.2)


def asked(client: httpx.Client, path: str, body: Any) -> Any:
    """What a POST answers."""
    return client.post(path, json=body).raise_for_status().json()


def played(client: httpx.Client, path: str, body: Any) -> str:
    """The id of a run that was made, and has ended."""
    run_id = str(asked(client, path, body)["run_id"])
    _until(lambda: client.get(f"/runs/{run_id}").json()["status"] == "completed")
    return run_id


def fork(client: httpx.Client, parent: str, turn: int, name: str, **edits: Any) -> str:
    """A played fork."""
    return played(client, f"/runs/{parent}/fork", {"at_turn": turn, "name": name, "edits": edits})


def pages(client: httpx.Client) -> Iterator[Picture]:
    """Plays what is to be seen; the pictures."""
    run_id = played(client, "/runs", {"template": SCENARIO, "seed": SEED})
    said = {event["turn"]: event for event in client.get(
        f"/runs/{run_id}/events", params={"kind": "utterance"}).json()["items"]}
    for turn, text, tags in NOTES:
        client.post(f"/runs/{run_id}/annotations", json={"key": said[turn]["key"], "text": text, "tags": tags},
                    headers={"x-actor": "kim"}).raise_for_status()
    closed = fork(client, run_id, 4, "Mains closed early", seed=11, injects=[
        {"text": "The lab calls: it was a false alarm.", "audience": ["mayor"]}])
    fork(client, closed, 6, "Kinder", seed=19)
    fork(client, run_id, TURN, "Another seed", seed=13)
    [experiment] = client.get("/experiments").json()["items"]
    home = str(client.base_url).partition("/api/")[0] + "/#/"
    at, line = f"{home}runs/{run_id}", said[TURN]["seq"]
    yield Picture("viewer-run", f"{at}?line={line}&turn={TURN}", ".variables")
    yield Picture("viewer-lens", f"{at}?as=reporter&turn={TURN - 1}&panel=mind", ".prompt", dark=True)
    yield Picture("viewer-notes", f"{at}?line={line}&turn={TURN}&panel=notes", ".note-list")
    yield Picture("viewer-export", f"{at}?turn={TURN}", ".variables", key="x")
    yield Picture("viewer-futures", f"{at}/futures?with={closed}", "#parting", height=1000)
    yield Picture("viewer-experiment", f"{home}experiments/{experiment['experiment_id']}", ".contrast")


async def photograph(pictures: Sequence[Picture]) -> None:
    """Take pictures, with as many colours as they need."""
    async with launched() as browser:
        for each in pictures:
            context = await browser.new_context(
                viewport={"width": 1280, "height": each.height}, color_scheme="dark" if each.dark else "light",
                reduced_motion="reduce")
            page = await context.new_page()
            await page.goto(each.address)
            await page.wait_for_selector(each.wait)
            if each.key:
                await page.keyboard.press(each.key)
                await page.wait_for_selector("dialog[open]")
            await page.wait_for_timeout(500)    # what scrolls to its place has come there
            taken = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
            taken.quantize(256, dither=Image.Dither.NONE).save(TARGET / f"{each.name}.png", optimize=True)
            await context.close()
            sys.stdout.write(f"{each.name}.png\n")


if __name__ == "__main__":
    with server() as served:
        asyncio.run(photograph(list(pages(served))))
