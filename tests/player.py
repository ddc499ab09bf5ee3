"""Child processes that play a run until its end or until they are killed.

They are forked from a server that has imported everything already, since a process that starts from nothing would
spend seconds on imports.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection

from pyscrai.config.settings import load_settings
from pyscrai.factories.scenario_factory import open_run
from pyscrai.factories.services import open_services


class Player:
    """A process that plays one run; ``run`` starts it and gives how it ended."""

    def __init__(self, run_id: str, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.player"])
        self._heard, told = context.Pipe(duplex=False)
        self._process = context.Process(target=_play, args=(run_id, dict(environment), told), daemon=True)
        self._process.start()
        told.close()

    async def started(self) -> None:
        """Wait until it plays."""
        assert await asyncio.to_thread(self._heard.recv) == "playing"

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    async def ended(self) -> str:
        """Wait for its end; the status in which the run stands, or nothing if it was killed before."""
        def wait() -> str:
            try:
                status: str = self._heard.recv()
            except EOFError:
                status = ""
            self._process.join()
            return status

        return await asyncio.to_thread(wait)


def _play(run_id: str, environment: dict[str, str], told: Connection) -> None:
    os.environ.update(environment)
    asyncio.run(_main(run_id, told))


async def _main(run_id: str, told: Connection) -> None:
    async with open_services(load_settings(), library=False) as services, open_run(services, run_id) as runner:
        told.send("playing")
        told.send((await runner.play()).status)
