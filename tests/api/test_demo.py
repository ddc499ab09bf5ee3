"""The demo over the API plays to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "demo_api.py")], cwd=tmp_path, capture_output=True, text=True,
                          timeout=120, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "They say the same until turn" in done.stdout
    assert "5. Exported to " in done.stdout
    assert len(list(tmp_path.glob("pyscrai-demo-*/run_*.html"))) == 1
