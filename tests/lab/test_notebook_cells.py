"""The Python interface as the cells of a notebook use it."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import Any

import pyscrai
from tests.lab.test_lab import EXPERIMENT, TALK

CELLS = """
lab = pyscrai.open(database, model="scripted", models={"scripted": {"kind": "scripted"}}, log_level="error")
run = lab.play(TALK, seed=1, variables={"trust": 8})
run
---
run.transcript
---
run.fork(at_turn=2, injects=["<b>It</b> rains."]).play().transcript
---
run.table("turns").column("var_trust").to_pylist()
---
experiment = lab.experiment(EXPERIMENT).run(progress=told.append)
experiment
---
async with pyscrai.open(database, model="scripted", models={"scripted": {"kind": "scripted"}}) as own:
    other = await own.play("talk", seed=2)
    text = await other.transcript()
(repr(own), other.status, text)
---
[each.id for each in lab.runs(limit=1)] == [other.id]
---
lab.close()
"""


async def test_the_cells_of_a_notebook(tmp_path: Path) -> None:
    """As IPython runs them: in its running loop, with `await` at the top, the last value of each shown richly."""
    names: dict[str, Any] = {"pyscrai": pyscrai, "database": str(tmp_path / "lab.db"), "TALK": TALK,
                             "EXPERIMENT": EXPERIMENT, "told": []}
    shown: list[Any] = []
    for cell in CELLS.split("---\n"):
        *body, last = ast.parse(cell).body
        for node, mode in ((ast.Module(body, []), "exec"), (ast.Expression(last.value), "eval")):  # type: ignore[attr-defined]
            code = compile(node, "<cell>", mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            value = eval(code, names)
            if asyncio.iscoroutine(value):
                value = await value
        rich = next((getattr(value, name) for name in ("_repr_html_", "_repr_markdown_") if hasattr(value, name)), None)
        shown.append(value if rich is None else rich())
    page, transcript, forked, turns, report, awaited, newest, nothing = shown
    assert page.startswith("<iframe srcdoc=")
    assert "Two people talk" in page
    assert transcript.startswith("# Talk")
    assert "<b>" not in forked, "what is said is text"
    assert "rains" in forked
    assert turns == [8, 7, 6, 5, 4]
    assert "contrast" in report.lower()
    assert names["told"][-1] == "trusting: 4 of 4 runs ended, 0 playing, 0 failed"
    assert awaited[:2] == ("<async lab, open>", "completed")
    assert newest is True
    assert nothing is None
