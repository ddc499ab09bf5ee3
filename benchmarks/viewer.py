"""The viewer's figures in a real browser: `python -m benchmarks.viewer [--quick]`; server and models are processes."""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.async_api import Browser, Page

from benchmarks.control import Clients
from benchmarks.figures import Figure, model_server
from benchmarks.serving import Served, served
from pyscrai.viewer.web_files import assets, sources

WORDS = "The lamp has burned low and I have read the letter twice more while you were out by the sledge."

SCROLL = """async (seconds) => {
  const list = document.querySelector('.list');
  const times = [];
  let before = performance.now();
  const end = before + seconds * 1000;
  list.scrollTop = 0;
  await new Promise(done => requestAnimationFrame(done));
  await new Promise(done => {
    const frame = (now) => {
      times.push(now - before);
      before = now;
      list.scrollTop += 90;
      if (now < end) requestAnimationFrame(frame); else done();
    };
    requestAnimationFrame(frame);
  });
  return times.slice(2);
}"""


def events(run_id: str, first: int, count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of made-up events: people talk, every fifth line changes a variable."""
    now = int(time.time() * 1000)
    for seq in range(first, first + count):
        turn = seq // 2 + 1
        if seq % 5 == 0:
            kind, payload = "variable_changed", {"variable": "trust", "old": seq % 10, "new": (seq + 1) % 10,
                                                 "cause": "time"}
        else:
            kind, payload = "utterance", {"name": "Ann" if seq % 2 else "Bob", "text": f"{seq}. {WORDS}",
                                          "played_by": "model"}
        yield (run_id, seq, f"x{seq}", kind, turn, "talk", "ann" if seq % 2 else "bob", "all", json.dumps(payload), now)


@contextmanager
def log_of(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, for another process than the server's to write into."""
    connection = sqlite3.connect(folder / "pyscrai.sqlite", timeout=30, check_same_thread=False)
    try:
        yield connection
    finally:
        connection.close()


def write(connection: sqlite3.Connection, run_id: str, first: int, count: int) -> None:
    """Append events to a run."""
    with connection:
        connection.executemany(
            "INSERT INTO events (run_id, seq, key, kind, turn, phase, source, audience, payload, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", events(run_id, first, count))


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """The browser that the tests use."""
    from tests.viewer.browsers import launched

    async with launched() as found:
        yield found


async def looked_at(server: Served, folder: Path, *, size: int, seconds: float) -> list[Figure]:
    """How a long run scrolls, and how soon there is something to see."""
    people = Clients(server)
    run_id = (await people.make(1, 10, start=False))[0]
    with log_of(folder) as connection:
        write(connection, run_id, 2, size)
    address = f"{server.url.removesuffix('/api/v1')}/#/runs/{run_id}"
    async with browser() as found:
        paints, shown = [], []
        for _ in range(3):
            page = await found.new_page(viewport={"width": 1280, "height": 800})
            begun = time.perf_counter()
            await page.goto(address)
            await page.wait_for_selector(".block.speech")
            shown.append(time.perf_counter() - begun)
            paints.append(await page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"))
            await page.close()
        page = await found.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(address)
        await page.wait_for_selector(f"li[aria-setsize='{await _blocks(page, size)}']")
        frames = await page.evaluate(SCROLL, seconds)
    ordered = sorted(frames)
    detail = f"{size:,} events; slowest 1 %: {ordered[int(len(ordered) * 0.99)]:.0f} ms a frame"
    return [
        Figure("frames a second while a long run scrolls", 1000 / (sum(frames) / len(frames)), 55, at_least=True,
               detail=detail),
        Figure("first content on loopback", median(paints), 1, unit="s", detail=f"lines of a run of {size:,} events "
               f"after {median(shown):.2f} s")]


async def _blocks(page: Page, size: int) -> int:
    """How many blocks the page has when it has all events: it grows no more."""
    before = -1
    while True:
        await page.wait_for_timeout(700)
        now = int(await page.evaluate("Number(document.querySelector('.list-items li')?.ariaSetSize ?? 0)"))
        if now == before and now > size // 4:
            return now
        before = now


async def flooded(server: Served, folder: Path, *, rate: int, seconds: float) -> Figure:
    """The page's memory while events pour in."""
    run_id = (await Clients(server).make(1, 10, start=False))[0]
    async with browser() as found:
        page = await found.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(f"{server.url.removesuffix('/api/v1')}/#/runs/{run_id}")
        await page.wait_for_selector(".connection.live")
        session = await page.context.new_cdp_session(page)
        with log_of(folder) as connection:
            begun, seq = time.perf_counter(), 2
            while (passed := time.perf_counter() - begun) < seconds:
                due = int(passed * rate) + 2 - seq
                if due > 0:
                    await asyncio.to_thread(write, connection, run_id, seq, due)
                    seq += due
                await asyncio.sleep(0.1)
        late = time.perf_counter()
        await page.wait_for_selector(f"#line-{seq - 1 if (seq - 1) % 5 else seq - 2}", timeout=60_000)
        behind = time.perf_counter() - late
        used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
        await session.send("HeapProfiler.collectGarbage")
        kept = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    return Figure(f"heap of the page after {rate} events a second for {seconds:.0f} s", used / 1e6, 200, unit="MB",
                  detail=f"{seq:,} events, {kept / 1e6:.0f} MB after a collection; the last line {behind:.1f} s late")


async def watched(server: Served, models_url: str, *, runs: int, pages: int, turns: int) -> Figure:
    """What the server's work costs with as many pages open as with none."""
    async with httpx.AsyncClient(base_url=models_url.removesuffix("/v1")) as models:
        await models.post("/control/reset", params={"latency_ms": 1000, "jitter": 0.3})
    costs = {}
    for watching in (-1, 0, pages):     # the first round warms the process up
        people = Clients(server)
        made = await people.make(runs, turns, start=False)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.viewer", "--watch", server.url, "--pages", str(max(0, watching)), *made,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdin is not None
        await child.stdout.readline()
        before, done = server.cpu_seconds(), (await people.client.get("/runs/counts")).json()["completed"]
        await people.ask(made, "start")
        await people.until("completed", done + runs, within=300, every=0.5)
        costs[watching] = (server.cpu_seconds() - before) / (runs * turns) * 1000
        child.stdin.close()
        await child.wait()
    return Figure(f"the server's work with {pages} pages watching", costs[pages] / costs[0], 1.25, unit="x",
                  detail=f"{costs[0]:.2f} and {costs[pages]:.2f} ms of CPU a turn; {runs} runs of {turns} turns")


async def watch_all(url: str, runs: list[str], pages: int) -> None:
    """As many streams as pages have open, each read as it comes, until standard input is closed."""
    opened = 0
    ready = asyncio.Event()

    async def one(client: httpx.AsyncClient, run_id: str) -> None:
        nonlocal opened
        async with client.stream("GET", f"/runs/{run_id}/stream", params={"stay": "true"}) as answer:
            opened += 1
            if opened == pages:
                ready.set()
            async for _ in answer.aiter_raw():
                pass

    async with httpx.AsyncClient(base_url=url, timeout=None, limits=httpx.Limits(max_connections=None)) as client:
        tasks = [asyncio.create_task(one(client, runs[number % len(runs)])) for number in range(pages)]
        if pages:
            await ready.wait()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()


def weight() -> Figure:
    """All the JavaScript of the page, as it travels."""
    modules = sum(name.endswith(".js") for name in sources())
    return Figure("JavaScript, gzipped", len(assets()["app.js"].packed) / 1000, 250, unit="kB",
                  detail=f"{modules} modules, not minified")


async def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter: a look, not a figure")
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("runs", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.watch:
        await watch_all(given.watch, given.runs, given.pages)
        return 0

    def show(figure: Figure) -> None:
        from benchmarks.__main__ import line

        print(line(figure), flush=True)

    show(weight())
    with model_server() as models, tempfile.TemporaryDirectory(prefix="pyscrai-bench-") as place:
        folder = Path(place)
        with served(folder, models_url=models) as server:
            for figure in await looked_at(server, folder, size=2_000 if given.quick else 10_000,
                                          seconds=2 if given.quick else 6):
                show(figure)
            show(await flooded(server, folder, rate=500, seconds=8 if given.quick else 60))
            show(await watched(server, models, runs=20 if given.quick else 100, pages=given.pages,
                               turns=6 if given.quick else 20))
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
