"""Locks between processes; and a system that has none of them, as Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyscrai.errors import ConfigError
from pyscrai.llm.embedded import file_lock
from pyscrai.llm.embedded.file_lock import FileLock, locked

WINDOWS = """
import sys
for name in ("fcntl", "termios", "tty", "pwd", "grp", "resource", "uvloop"):
    sys.modules[name] = None
from pyscrai.cli.main import main
sys.argv = ["pyscrai", *sys.argv[1:]]
raise SystemExit(main())
"""


async def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_acquire()
    assert not second.try_acquire()
    with pytest.raises(TimeoutError):
        await second.acquire(timeout=0.06)
    first.release()
    async with locked(tmp_path / "lock"):
        assert not first.try_acquire()
    assert first.try_acquire(shared=True)
    assert second.try_acquire(shared=True)


def test_a_system_without_such_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "fcntl", None)
    with pytest.raises(ConfigError, match="base_url") as caught:
        FileLock(tmp_path / "lock").try_acquire()
    assert caught.value.code == "embedded.platform"


@pytest.mark.parametrize("command", [["models", "list"], ["models", "--help"], ["--help"], ["templates", "--help"]],
                         ids=" ".join)
def test_commands_that_lock_nothing_work_without_locks(command: list[str], tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", WINDOWS, *command], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYSCRAI_DATA_DIR": str(tmp_path), "PYSCRAI_CACHE_DIR": str(tmp_path)})
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()
