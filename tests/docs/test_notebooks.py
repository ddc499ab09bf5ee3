"""The notebooks run as scripts and in marimo, with the scripted model, in a home of their own."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.depth import FULL

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.py"))
SOME = NOTEBOOKS if FULL else NOTEBOOKS[1:]

TELLS = """
import marimo

app = marimo.App()


@app.cell
def _():
    import json, threading
    from pathlib import Path

    import marimo as mo
    import pyscrai

    told, plain = [], mo.output.replace

    def replace(value):
        told.append([value.text, threading.current_thread() is threading.main_thread()])
        plain(value)

    mo.output.replace = replace
    with pyscrai.open(model="scripted") as lab:
        run = lab.play("two-agent-conversation", seed=1, max_turns=2)
        lab.grid("two-agent-conversation", seeds=3, max_turns=2)
        lab.play("two-agent-conversation", seed=2, max_turns=2, progress=False)
    Path("told.json").write_text(json.dumps(told))
    return


if __name__ == "__main__":
    app.run()
"""


def at(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """What a command with Python says; it plays in a folder of its own."""
    environment = {**os.environ, "HOME": str(folder), "PYSCRAI_DATABASE_URL": f"sqlite:///{folder / 'n.db'}",
                   "PYSCRAI_CONFIG": "", "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True,
                          check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Error" not in done.stderr, done.stderr[-3000:]
    return done


@pytest.mark.parametrize("notebook", SOME, ids=lambda path: path.stem)
def test_a_notebook_runs_as_a_script(notebook: Path, tmp_path: Path) -> None:
    at(tmp_path, notebook)


@pytest.mark.parametrize("notebook", SOME, ids=lambda path: path.stem)
def test_a_notebook_runs_in_marimo(notebook: Path, tmp_path: Path) -> None:
    """In its kernel, whose event loop runs already: every cell but the first shows something, and none an error."""
    shutil.copy(notebook, tmp_path)  # marimo keeps what it made beside the notebook
    at(tmp_path, "-m", "marimo", "export", "html", notebook.name, "-o", "page.html")
    first, *cells = exported(tmp_path / "page.html")
    assert len(cells) >= 5
    for cell in (first, *cells):
        assert [output["type"] for output in cell["outputs"]] == ["data"], cell
        assert not cell["console"], cell
    for cell in cells:
        shown = " ".join(map(str, cell["outputs"][0]["data"].values()))
        assert re.search(r"\w", re.sub(r"<[^>]*>", "", html.unescape(shown))), cell


def exported(page: Path) -> list[dict[str, Any]]:
    """The cells of an exported notebook with what they put out."""
    _, mark, rest = page.read_text(encoding="utf-8").partition('"session": ')
    assert mark
    session, _ = json.JSONDecoder().raw_decode(rest)
    cells: list[dict[str, Any]] = session["cells"]
    return cells


def test_progress_is_shown_in_the_cell_that_plays(tmp_path: Path) -> None:
    (tmp_path / "tells.py").write_text(TELLS, encoding="utf-8")
    at(tmp_path, "-m", "marimo", "export", "html", "tells.py", "-o", "page.html")
    told = json.loads((tmp_path / "told.json").read_text())
    lines = [re.sub(r"<[^>]*>|run_\w+", "", line) for line, _ in told]
    assert {": turn 1", ": turn 2", ": completed after 2 turns", "1 of 3 runs"} <= set(lines)
    assert lines[-1] == "3 of 3 runs", "and nothing of the one that was to be silent"
    assert all(main for _, main in told), "marimo shows what the cell's own thread puts out"
