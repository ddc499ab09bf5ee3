"""A long run as a folder on disk: it opens at once, only what is in sight is drawn, and it scrolls without a jolt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.run_folder import RunFolder
from tests.depth import FULL
from tests.exports.samples import dossier

TURNS = 5_000 if FULL else 600

SCROLL = """async () => {
  const list = document.querySelector(".list");
  const frames = [];
  let drawn = 0;
  let before = performance.now();
  for (let step = 0; step < 120; step += 1) {
    list.scrollTop = (list.scrollHeight - list.clientHeight) * step / 120;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - before);
    before = now;
    drawn = Math.max(drawn, document.querySelectorAll(".list-items > li").length);
  }
  frames.sort((a, b) => a - b);
  return { median: frames[60], slow: frames[114], drawn };
}"""


def long_run(turns: int) -> Dossier:
    """A finished run of so many turns: two who talk, a variable that changes, a call for each turn."""
    said = "We have talked about the dam for a while now, and the water does not wait for us. "
    events: list[dict[str, Any]] = [{
        "kind": "run_started", "turn": 0, "phase": "talk", "source": "run", "audience": "all",
        "premise": "A long talk.", "roles": {"ann": "Ann", "bob": "Bob"}, "seed": 1}]
    for turn in range(1, turns + 1):
        role = ("ann", "bob")[turn % 2]
        events.append({"kind": "utterance", "turn": turn, "phase": "talk", "source": role, "audience": "all",
                       "name": role.capitalize(), "text": f"Line {turn}. " + said * (turn % 4 + 1),
                       "played_by": "model"})
        if turn % 5 == 0:
            events.append({"kind": "variable_changed", "turn": turn, "phase": "talk", "source": None, "audience": "all",
                           "variable": "trust", "old": turn % 7, "new": (turn + 5) % 7, "cause": "time"})
    events.append({"kind": "run_completed", "turn": turns, "phase": "talk", "source": "run", "audience": "all",
                   "outcome": {"end": "turns", "label": "turns", "reason": "all were played"}})
    base = dossier()
    whole = [{"id": number, "run_id": base.run["run_id"], "seq": number, "key": f"k{number}",
              "created_at": "2026-11-26T12:00:00+00:00", **event} for number, event in enumerate(events, 1)]
    cast = [{"role": role, "name": role.capitalize(), "engine": "actor", "agent": role, "model": "m",
             "played_by": "model"} for role in ("ann", "bob")]
    calls = [{"id": turn, "turn": turn, "role": ("ann", "bob")[turn % 2], "task": "speak", "ordinal": 0,
              "purpose": "speech", "alias": "m", "model": "m", "settings": {}, "attempts": [], "error": None,
              "messages": [{"role": "system", "content": "You play."}, {"role": "user", "content": said * 20}],
              "reply": f"Line {turn}.", "finish_reason": "stop", "prompt_tokens": 400, "cached_tokens": 0,
              "completion_tokens": 20, "cost_usd": 0.0, "latency_ms": 5.0, "prompts": {}, "raw": None}
             for turn in range(1, turns + 1)]
    run = {**base.run, "name": "night-talk", "turn": turns, "phase": "talk", "variables": {"trust": 3}, "tags": [],
           "settings": {}, "usage": {"tokens": 420 * turns, "calls": turns, "cost_usd": 0.0}, "error": None,
           "template_hash": "0" * 64, "outcome": events[-1]["outcome"], "parent_run_id": None, "fork_turn": None,
           "created_at": "2026-01-01T10:00:00+00:00"}
    return Dossier(run=run, cast=cast, events=whole, calls=calls, template=base.template)


async def test_it_opens_from_disk_and_scrolls(open_page: Callable[..., Any], tmp_path: Path) -> None:
    run = long_run(TURNS)
    folder = RunFolder(tmp_path / "out")
    folder.add(run)
    size = folder.finish()
    begun = time.monotonic()
    shown = await open_page(f"file://{tmp_path}/out/index.html#/runs/{run.run['run_id']}", wait=".block.speech")
    first = time.monotonic() - begun
    await shown.page.wait_for_selector(".connection.folder")
    await shown.page.wait_for_selector(".ending")
    whole = time.monotonic() - begun
    found = await shown.page.evaluate(SCROLL)
    print(f"{TURNS} turns, {size / 1e6:.1f} MB: first lines after {first:.2f} s, all after {whole:.2f} s, "
          f"a frame takes {found['median']:.1f} ms (95 of 100 under {found['slow']:.1f} ms), "
          f"{found['drawn']} blocks drawn at most")
    assert found["drawn"] < 60, "only what is in sight is drawn"
    assert found["median"] < 50, found
    assert whole < 20
    line = next(event["seq"] for event in run.events[TURNS // 2:] if event["kind"] == "utterance")
    await shown.page.goto(f"file://{tmp_path}/out/index.html#/runs/{run.run['run_id']}?line={line}&panel=call")
    await shown.page.wait_for_selector(".call .figures")  # a link within the open page, then the same from nothing
    await shown.page.reload()
    await shown.page.wait_for_selector(".block.chosen")
    await shown.page.wait_for_selector(".call .figures")
    asked = [url for url in shown.asked if "/calls_" in url]
    assert len(set(asked)) <= 2, "of the calls only those are read that are looked at"
