"""One play with an embedded model in a process of its own: `python -m benchmarks.embedded ALIAS TURNS FOLDER STARTED`.

STARTED is when the process was started, on the machine's monotonic clock. The model's server is started afresh, in a
cache folder of its own inside FOLDER that borrows the weights. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.scenario import template
from pyscrai.config import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.factories.options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import open_services
from pyscrai.factories.templates import store_templates
from pyscrai.templates.loading import load_text

EARLY_TURNS = 4
"""Turns that only fill the cache."""


async def measure(alias: str, turns: int, folder: Path, started: float) -> dict[str, Any]:
    """Play with the default window and give when the first token came and what the cache served."""
    cache = folder / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(load_settings().cache_dir / "models")
    settings = load_settings(database_url=f"sqlite:///{folder}/embedded.sqlite", cache_dir=cache)
    first: list[float] = []

    def note(role: str, turn: int, piece: str) -> None:
        if not first:
            first.append(time.monotonic() - started)

    async with open_services(settings, library=False) as services:
        play = template(whole_history=False)
        await store_templates(services.database, load_text(json.dumps(play)))
        options = RunOptions(model=alias, seed=1, max_turns=turns)
        run_id = await create_scenario_run_from_template(services, play["name"], options)
        async with open_run(services, run_id, listener=note) as runner:
            result = await runner.play()
        if result.status != "completed":
            raise RuntimeError(f"the run is {result.status}: {result.error}")
        async with services.database.read() as session:
            calls = [stored.call for stored in await Calls(session).read(run_id)]
    used = [call.reply.usage for call in calls if call.reply is not None and call.key.turn > EARLY_TURNS]
    return {"first_token_s": first[0], "prompt_tokens": sum(usage.prompt_tokens for usage in used),
            "cached_tokens": sum(usage.cached_tokens for usage in used), "wall_s": time.monotonic() - started}


if __name__ == "__main__":
    _, name, most, where, begun = sys.argv
    print(json.dumps(asyncio.run(measure(name, int(most), Path(where), float(begun)))))
