"""A person in a seat, in a browser of their own, who never receives what another role alone knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.async_api import Response, Route

from tests.api.serving import Serving
from tests.viewer.conftest import play

CANARIES = ("canary-secret-of-bob", "canary-whisper-to-bob")


async def test_a_seat_on_a_telephone(server: Serving, open_page: Callable[..., Any]) -> None:
    run_id = await play(server, people={"ann": "kim"})
    operator = await open_page(f"{server.url}/#/runs/{run_id}", wait=".waiting-for")
    await operator.page.hover(".cast li >> nth=0")
    await operator.page.click(".cast li >> nth=0 >> .role-menu")
    await operator.page.click("dialog .seat-make")
    link = await operator.page.input_value("dialog .seat-link")
    await operator.page.keyboard.press("Escape")

    seat = await open_page("about:blank", wait="body", viewport={"width": 390, "height": 844}, has_touch=True)
    bodies: list[asyncio.Task[bytes]] = []
    cdp = await seat.context.new_cdp_session(seat.page)
    await cdp.send("Network.enable")
    streamed: list[str] = []
    cdp.on("Network.eventSourceMessageReceived", lambda event: streamed.append(event["data"]))

    def keep(response: Response) -> None:
        if "/stream" not in response.url:
            bodies.append(asyncio.ensure_future(response.body()))

    seat.page.on("response", keep)
    await seat.page.goto(link)
    await seat.page.wait_for_selector(".seat-form")
    assert "#/seat" in seat.page.url
    assert link.rsplit("/", 1)[1] not in seat.page.url, "the token does not stay in the address"
    assert "You play Ann" in await seat.text(".seat-head")
    assert await seat.page.evaluate("document.documentElement.scrollWidth <= 390")
    for turn in range(3):
        await seat.page.wait_for_selector(".seat-form")
        await seat.page.fill(".seat-form textarea", f"My words {turn}.")
        if await seat.page.locator(".seat-form input[type=number]").count():
            await seat.page.fill(".seat-form input[type=number]", "12")
        await seat.page.click(".seat-form .primary")
        await seat.page.wait_for_selector(f".bubble.mine:has-text('My words {turn}.')")
    await seat.page.wait_for_selector("text=The exercise has ended")
    everything = await seat.page.content()
    pieces = [body.decode(errors="replace") for body in await asyncio.gather(*bodies, return_exceptions=True)
              if isinstance(body, bytes)]
    stream = await seat.page.evaluate("""async () => {
      const answer = await fetch('api/v1/seat/stream?seconds=0.3', {
        headers: { authorization: `Bearer ${sessionStorage.getItem('pyscrai.seat')}` } });
      return answer.text();
    }""")
    for text in (everything, stream, *pieces, *streamed):
        assert not [word for word in CANARIES if word in text]
    assert "My words 2." in stream
    asked = [url for url in seat.asked if "/api/" in url]
    assert asked
    assert all("/api/v1/seat" in url for url in asked), asked
    await operator.page.wait_for_selector(".ending")
    assert "played by kim" in await operator.page.inner_text(".list")


async def test_an_answer_is_given_once(server: Serving, open_page: Callable[..., Any]) -> None:
    """Between the answer and the next request nothing can be typed that would be lost, or sent that would answer it."""
    run_id = await play(server, people={"ann": "kim"})
    made = await server.post(f"/runs/{run_id}/roles/ann/seat", {"person": "kim"}, 201)
    seat = await open_page(f"{server.url}/#/seat/{made['token']}", wait=".seat-form")
    page, answered, taken = seat.page, asyncio.Event(), [409, 204]

    async def answer(route: Route) -> None:
        await answered.wait()
        answered.clear()
        await route.fulfill(status=taken.pop(0), body="{}")

    await page.route("**/seat/reply", answer)
    words = page.locator(".seat-form textarea")
    for after in (False, True):
        await words.fill("My words.")
        await words.press("Control+Enter")
        await page.wait_for_selector(".seat-form .primary[disabled]")
        assert await words.is_disabled()
        answered.set()
        if after:
            await page.wait_for_timeout(200)
            assert await words.is_disabled(), "it was taken, and the run has not gone on yet"
            assert await page.inner_text(".seat-form .primary") == "Sent"
        else:
            await page.wait_for_selector(".seat-form .problem")
            assert await words.is_enabled(), "it was refused"
            assert await words.input_value() == "My words."
            await seat.until("document.activeElement.tagName === 'TEXTAREA'")
    assert not taken


async def test_a_link_that_is_none(server: Serving, open_page: Callable[..., Any]) -> None:
    seat = await open_page(f"{server.url}/#/seat/pyscrai_nonsense")
    await seat.page.wait_for_selector("text=This link does not work")
