"""A server with a run to look at, and a browser that complains of whatever a page should not do."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Page, Route

from pyscrai.engines.ports.model import ModelRequest
from tests.api.serving import Serving, serving
from tests.depth import FULL
from tests.viewer.browsers import launched

FOLDER = Path(__file__).parent

HOSTILE = '<img src=x onerror="document.title=\'owned\'"> **bold** <script>document.title="owned"</script> &amp;'

PLAZA: dict[str, Any] = {
    "kind": "scenario", "name": "plaza", "version": "1.0.0", "title": "The plaza", "premise": f"A square. {HOSTILE}",
    "max_turns": 12, "parameters": {"heat": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1}},
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10},
                  "mood": {"type": "string", "initial": "calm", "choices": ["calm", "tense"]}},
    "roles": {
        "ann": {"name": "Ann", "human": "allowed", "secret": "ann-knows-a-thing", "agent": {
            "engine": "actor", "personality": {"role": "a seller"}, "model": "gate"}},
        "bob": {"name": "Bob", "human": "allowed", "secret": "canary-secret-of-bob", "agent": {
            "engine": "actor", "personality": {"role": "a buyer"}, "model": "gate"}},
        "nora": {"name": "Nora", "agent": {
            "engine": "narrator", "personality": {"role": "who tells"}, "model": "gate"}},
        "eve": {"name": "Eve", "agent": {
            "engine": "analyst", "personality": {"role": "an observer"}, "model": "gate"}}},
    "actions": {"offer": {"fields": {"price": {"type": "integer", "minimum": 1, "maximum": 99}}}},
    "rules": [{"label": "heat", "when": "turn == 3", "set": {"trust": "vars.trust - 2", "mood": "'tense'"}}],
    "injects": [{"at_turn": 2, "audience": ["bob"], "text": "canary-whisper-to-bob", "source": "Phone"},
                {"at_turn": 4, "text": "A bell rings.", "label": "bell", "source": "Tower"}],
    "flow": {"start": "open", "phases": {
        "open": {"title": "The opening", "speakers": ["nora", "ann", "bob"], "next": [{"to": "deal"}]},
        "deal": {"title": "The deal", "speakers": ["ann", "bob"], "action": "offer", "next": [
            {"to": "end", "after_rounds": 2}]}}},
    "analysis": {"by": "eve", "measures": [{"name": "warmth", "scale": [1, 5], "of": "each", "rubric": "How warm."}],
                 "report": True},
}


def hostile_now_and_then(request: ModelRequest) -> str | None:
    """Ann speaks markup; everyone else what the scripted model says by itself."""
    words = " ".join(part for message in request.messages for part in message.parts)
    return f"Look here: {HOSTILE}" if request.schema is None and "You play Ann" in words else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder share a loop, for they share a browser."""
    for item in items:
        if FOLDER in item.path.parents and inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def url(make_url: Callable[[str], str]) -> str:
    return make_url("sqlite")


@pytest_asyncio.fixture(loop_scope="session")
async def server(url: str) -> AsyncIterator[Serving]:
    """A server with the scenario ``plaza``."""
    async with serving(url, script=hostile_now_and_then) as found:
        await found.post("/templates", {"content": PLAZA}, 201)
        yield found


async def play(server: Serving, **more: Any) -> str:
    """The id of a run of the plaza, played to its end or to where it waits."""
    made = await server.post("/runs", {"template": "plaza", "seed": 1, **more}, 201)
    await server.settled(made["run_id"])
    return str(made["run_id"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of this folder; each page has a context of its own, as a person's would."""
    async with launched() as found:
        yield found


async def late(route: Route) -> None:
    """Let an answer come when it will: no page may rest on the order in which they usually come."""
    await asyncio.sleep(random.choice((0, 0, 0.05, 0.2, 0.5, 1.0)))
    with suppress(Error):   # the page is gone
        await route.continue_()


class Watched:
    """A page and all that it did: what it received, and whatever it should not have done."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        self.page, self.context = page, context
        self.received: list[str] = []
        self.asked: list[str] = []
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: self.wrong.append(f"console: {said.text}") if said.type == "error" and (
            "Content Security Policy" in said.text or "TrustedScript" in said.text) else None)

    async def until(self, expression: str, seconds: float = 30) -> None:
        """Wait until an expression holds; Playwright's own waiting would need ``eval``, which the page forbids."""
        async with asyncio.timeout(seconds):
            while not await self.page.evaluate(expression):
                await self.page.wait_for_timeout(30)

    async def all_lines(self) -> dict[str, str]:
        """What everybody says on a run page, line by line, scrolled through from its beginning."""
        await self.page.keyboard.press("Home")
        await self.page.wait_for_selector("h2:has-text('After turn 0')")
        rows = await self.page.evaluate("""async () => {
          const rows = [];
          const list = document.querySelector('.list');
          for (let at = 0; at <= list.scrollHeight; at += 250) {
            list.scrollTop = at;
            await new Promise(done => setTimeout(done, 50));
            for (const each of document.querySelectorAll('.block.speech:not(.streaming)'))
              rows.push([each.id, each.querySelector('.said').textContent]);
          }
          return rows;
        }""")
        return dict(rows)

    async def hold(self, address: str) -> asyncio.Event:
        """Let no answer from an address come before the event is set."""
        free = asyncio.Event()

        async def held(route: Route) -> None:
            await free.wait()
            await route.continue_()

        await self.page.route(address, held)
        return free

    async def text(self, selector: str) -> str:
        return str(await self.page.inner_text(selector))


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[Callable[..., Any]]:
    """Opens a page in a browser context of its own; at the end nothing may have gone wrong on any of them."""
    opened: list[Watched] = []

    async def make(address: str, *, wait: str = "main", **context: Any) -> Watched:
        made = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        if FULL:
            await made.route("**/api/**", late)
        watched = Watched(await made.new_page(), made)
        opened.append(watched)
        await watched.page.goto(address)
        await watched.page.wait_for_selector(wait)
        return watched

    yield make
    for watched in opened:
        await watched.context.close()
        assert not watched.wrong
        hosts = {url.split("/")[2] for url in watched.asked if not url.startswith(("data:", "blob:", "file:"))}
        assert all(host.startswith("127.0.0.1:") for host in hosts), hosts
