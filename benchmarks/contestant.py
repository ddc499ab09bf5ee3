"""PyScrAI as the benchmark drives it: through the factories, as the command line does, with everything recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.scenario import template
from pyscrai.config.settings import load_settings
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.templates.reading.loader import load_text


class Pyscrai:
    """One database, one process, any number of runs."""

    def __init__(self, *, base_url: str, folder: Path, whole_history: bool) -> None:
        self.settings = load_settings(
            database_url=f"sqlite:///{folder}/pyscrai.sqlite",
            models={"bench": {"kind": "openai", "base_url": base_url, "model": "bench", "concurrency": 1000}})
        self.scenario = template(whole_history=whole_history)
        self.spoken: dict[str, int] = {}
        self.listeners: dict[str, Callable[[int], None] | None] = {}
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        self.services = await self.stack.enter_async_context(open_services(self.settings, library=False))
        await store_templates(self.services.database, load_text(json.dumps(self.scenario)))
        self.services.writer.subscribe(self._count)

    def _count(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        for _ in (event for event in events if event.kind == "utterance"):
            self.spoken[run_id] += 1
            if (on_turn := self.listeners[run_id]) is not None:
                on_turn(self.spoken[run_id])

    async def play(self, number: int, turns: int, on_turn: Callable[[int], None] | None = None) -> int:
        """Make one run of so many turns, play it, and return how many were played."""
        options = RunOptions(seed=number, max_turns=turns)
        run_id = await create_scenario_run_from_template(self.services, self.scenario["name"], options)
        self.spoken[run_id], self.listeners[run_id] = 0, on_turn
        async with open_run(self.services, run_id) as runner:
            result = await runner.play()
        if result.status != "completed":
            raise RuntimeError(f"the run is {result.status}: {result.error}")
        return self.spoken[run_id]

    async def close(self) -> None:
        await self.stack.aclose()
