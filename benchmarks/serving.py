"""A server process of our own, and what it takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
PROFILE = ("-m", "cProfile", "-o", os.environ["PROFILE"]) if os.environ.get("PROFILE") else ()
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A running ``pyscrai serve``: where it is, and how long its start took."""

    url: str
    pid: int
    startup_s: float

    def cpu_seconds(self) -> float:
        """User and system time of its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self) -> int:
        """Memory that it holds."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def served(folder: Path, *, models_url: str = "http://127.0.0.1:9/v1", capacity: int = 2_000) -> Iterator[Served]:
    """Serve the database in a folder until the block is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "pyscrai.toml"
    config.write_text(f'model = "bench"\nlog_level = "error"\n[models.bench]\nbase_url = "{models_url}"\n'
                      f'model = "bench"\nconcurrency = 2000\n[server]\ncapacity = {capacity}\ngrace = 10\n'
                      'requests_per_minute = 10000000\n')
    environment = {**os.environ, "PYSCRAI_CONFIG": str(config), "PYSCRAI_DATA_DIR": str(folder),
                   "PYSCRAI_DATABASE_URL": f"sqlite:///{folder}/pyscrai.sqlite"}
    url = f"http://127.0.0.1:{port}/api/v1"
    begun = time.perf_counter()
    command = [sys.executable, *PROFILE, "-m", "pyscrai", "serve", "--port", str(port), "--json"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            try:
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.02)
        yield Served(url, process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(30)
