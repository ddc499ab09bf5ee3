"""Every page by the rules of WCAG 2.2 A and AA, as axe-core checks them, light and dark, wide and narrow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.serving import Serving
from tests.depth import FULL
from tests.viewer.conftest import Watched, play

AXE = Path(sys.prefix) / "web" / "node_modules" / "axe-core" / "axe.min.js"
"""Put there by `make setup`."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

CHECK = """async (rules) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: rules } });
  return found.violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")}: ${
    node.any.concat(node.all).map(check => check.message).join("; ").slice(0, 200)}`));
}"""


async def violations(shown: Watched) -> list[str]:
    await shown.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await shown.page.evaluate(CHECK, RULES)
    return found


PANELS = (("mind", ".prompt"), ("scores", ".measure"), ("graph", ".graph"), ("about", ".role-figures"))


@pytest.mark.parametrize(("colours", "width"), [("light", 1280), ("dark", 390), *(
    [("dark", 1280), ("light", 390)] if FULL else [])])
async def test_no_page_breaks_a_rule(server: Serving, open_page: Callable[..., Any], colours: str, width: int) -> None:
    run_id = await play(server)
    fork = await server.post(f"/runs/{run_id}/fork", {"at_turn": 3, "edits": {"seed": 5}}, 201)
    await server.settled(fork["run_id"])
    waiting = await play(server, people={"ann": "kim"})
    seat = await server.post(f"/runs/{waiting}/roles/ann/seat", {"person": "kim"}, 201)
    pages = {
        "runs": ("runs", ".runs tbody tr", ""), "mind": (f"runs/{run_id}?panel=mind&as=ann&turn=5", ".prompt", ""),
        "waiting": (f"runs/{waiting}", ".waiting-for", ""), "seat": (f"seat/{seat['token']}", ".seat-form", ""),
        "futures": (f"runs/{run_id}/futures?with={fork['run_id']}", "#parting", "")}
    if FULL or (colours, width) == ("light", 1280):
        pages |= {
            "run": (f"runs/{run_id}", ".ending", ""), "scenario": ("scenarios/plaza/1.0.0", ".phase-node", ""),
            "search": ("runs?q=bell", ".hits li", ""), "new run": ("runs?new=1", "dialog[open] select", ""),
            **{panel: (f"runs/{run_id}?panel={panel}&turn=5", wait, "") for panel, wait in PANELS[1:]},
            "call": (f"runs/{run_id}?line=7&panel=call", ".call .figures", ""),
            "fork": (f"runs/{run_id}?line=7", ".block.chosen", "f"), "keys": (f"runs/{run_id}", ".ending", "?"),
            "export": (f"runs/{run_id}", ".ending", "x"),
            "scenarios": ("scenarios", ".scenario-cards li", ""), "fleet": ("fleet", ".fleet td", "")}
    broken: list[str] = []
    shown = await open_page(f"{server.url}/", wait="main", color_scheme=colours,
                            viewport={"width": width, "height": 800})
    for name, (address, wait, key) in pages.items():
        await shown.page.goto("about:blank")
        await shown.page.goto(f"{server.url}/#/{address}")
        await shown.page.wait_for_selector(wait)
        if key:
            await shown.page.keyboard.press(key)
            await shown.page.wait_for_selector("dialog[open]")
        broken += [f"{name}: {each}" for each in await violations(shown)]
    assert not broken, "\n".join(broken)
