"""The notebooks run as scripts, with the scripted model, in a home of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.depth import FULL

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS if FULL else NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "PYSCRAI_DATABASE_URL": f"sqlite:///{tmp_path / 'n.db'}",
                   "PYSCRAI_CONFIG": "", "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, notebook], cwd=tmp_path, env=environment, capture_output=True, text=True,
                          check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Error" not in done.stderr, done.stderr[-3000:]
