"""``pyscrai worker``: a process that plays runs for whoever shares its database."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.hard_end import MARGIN, end_within
from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.open_files import raise_limit


async def worker(
    *, capacity: Annotated[int | None, Parameter(help="Runs played at the same time.")] = None,
    alias: Annotated[list[str] | None, Parameter(help="Play only runs that ask these models. Repeatable.")] = None,
    labels: Annotated[list[str] | None, Parameter(help="What this machine offers, for runs tagged `needs:LABEL`. "
                                                  "Repeatable.")] = None,
    alive: Annotated[Path | None, Parameter(help="A file that is touched every three seconds while the process is "
                                            "well, for a liveness probe.")] = None,
    as_json: AsJson = False,
) -> int:
    """Play the runs of the database, beside any number of other workers.

    Several machines need PostgreSQL (`PYSCRAI_DATABASE_URL`). SIGTERM or Ctrl-C ends it: its runs pause at the end of
    their turns and go on elsewhere.
    """
    from pyscrai.cli.log_setup import configure_logs
    from pyscrai.config.settings import load_settings
    from pyscrai.engines.orchestration.engine_manager import EngineManager
    from pyscrai.factories.services import open_services
    from pyscrai.services.fleet.member import FleetMember
    from pyscrai.services.fleet.shared_limits import SharedLimits
    from pyscrai.services.run_registry import StoredRunRegistry

    raise_limit()
    settings = load_settings()
    configure_logs(settings)
    ended = asyncio.Event()

    def end() -> None:
        if not ended.is_set():
            end_within(settings.server.grace + MARGIN)
            ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    async with open_services(settings) as services:
        registry = StoredRunRegistry(services, aliases=alias or (), labels=labels or ())
        manager = EngineManager(registry, capacity=capacity or settings.server.capacity, grace=settings.server.grace)
        deaf = registry.on_external_request(manager.wake)
        try:
            async with (SharedLimits(services) as limits,
                        FleetMember(services, manager, "worker", limits=limits, aliases=alias or (),
                                    labels=labels or (), alive=alive),
                        manager):
                if as_json:
                    output.json_line({"worker": services.ownership.owner, "capacity": manager.capacity,
                                      "pid": os.getpid()})
                else:
                    output.tell(f"Plays runs of {services.database}, {manager.capacity} at once. Ctrl-C ends it.")
                output.write(())
                await ended.wait()
        finally:
            deaf()
    return 0
