"""Workers as processes, which can be killed and started again, over one database and one model server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

CONFIG = """model = "fake"
log_level = "warning"
[models.fake]
base_url = "{models_url}"
model = "fake"
{alias}
[server]
grace = 5
requests_per_minute = 1000000
"""


STARTED: list[asyncio.subprocess.Process] = []
"""All processes that tests started; a test that failed has not ended its own."""


def end_all() -> None:
    """End what is still there."""
    while STARTED:
        process = STARTED.pop()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


class WorkerProcess:
    """``pyscrai worker``."""

    def __init__(self, folder: Path, database_url: str, models_url: str, *, capacity: int = 50, name: str = "worker",
                 alias: str = "") -> None:
        self._folder, self.capacity = folder / name, capacity
        self._folder.mkdir(exist_ok=True)
        config = self._folder / "pyscrai.toml"
        config.write_text(CONFIG.format(models_url=models_url, alias=alias))
        self.environment = {**os.environ, "PYSCRAI_CONFIG": str(config), "PYSCRAI_DATABASE_URL": database_url,
                            "PYSCRAI_DATA_DIR": str(self._folder)}
        self.log = self._folder / "worker.log"
        self.process: asyncio.subprocess.Process | None = None
        self.id = ""

    async def start(self, *more: str) -> None:
        """Start, and wait until it plays."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pyscrai", "worker", "--capacity", str(self.capacity), "--json", *more,
                stdout=asyncio.subprocess.PIPE, stderr=log, env=self.environment)
        STARTED.append(self.process)
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            line = await self.process.stdout.readline()
        assert line, self.log.read_text()
        said = json.loads(line)
        assert "worker" in said, said
        self.id = said["worker"]

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(how)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; the exit code."""
        self.kill(how)
        assert self.process is not None
        code = await self.process.wait()
        STARTED.remove(self.process)
        return code
