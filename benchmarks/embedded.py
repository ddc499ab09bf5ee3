"""Plays with an embedded model: what its prompt cache serves, and when a person at a terminal sees the first token.

`python -m benchmarks.embedded ALIAS TURNS FOLDER` plays once in a process of its own and prints one JSON line. The
model's server is started afresh, in a cache folder of its own inside FOLDER that borrows the weights.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.scenario import template
from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.templates.reading.loader import load_text

EARLY_TURNS = 4
"""Turns that only fill the cache."""


def fresh_cache(folder: Path) -> Path:
    """A cache folder in which no model is served yet, with the weights of the real one."""
    cache = folder / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(load_settings().cache_dir / "models")
    return cache


def first_token(alias: str, folder: Path, data: Path) -> float:
    """Seconds from `pyscrai run` at a terminal to the first words of the first speaker, the model not yet loaded.

    Args:
        folder: new for every measurement, so that no server of the model is found.
        data: where the database is made by the first of them.
    """
    environment = {**os.environ, "PYSCRAI_CACHE_DIR": str(fresh_cache(folder)), "PYSCRAI_DATA_DIR": str(data),
                   "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "pyscrai", "run", "two-agent-conversation", "--max-turns", "1", "--seed", "1",
               "--model", alias]
    terminal, inside = pty.openpty()
    shown, begun = b"", time.monotonic()
    # A session of its own, with the terminal as its standard streams.
    process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, env=environment,
                               start_new_session=True)
    os.close(inside)
    try:
        while not re.search(rb"\b1\s+Narrator\s+[^\w\s]?\w", re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown)):
            if not select.select([terminal], [], [], 120)[0]:
                raise RuntimeError(f"{alias} said nothing:\n{shown.decode(errors='replace')[-3000:]}")
            shown += os.read(terminal, 4096)
        return time.monotonic() - begun
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


async def measure(alias: str, turns: int, folder: Path) -> dict[str, Any]:
    """Play with the default window and give what the cache served."""
    settings = load_settings(database_url=f"sqlite:///{folder}/embedded.sqlite", cache_dir=fresh_cache(folder))
    async with open_services(settings, library=False) as services:
        play = template(whole_history=False)
        await store_templates(services.database, load_text(json.dumps(play)))
        options = RunOptions(model=alias, seed=1, max_turns=turns)
        run_id = await create_scenario_run_from_template(services, play["name"], options)
        async with open_run(services, run_id) as runner:
            result = await runner.play()
        if result.status != "completed":
            raise RuntimeError(f"the run is {result.status}: {result.error}")
        async with services.database.read() as session:
            calls = [stored.call for stored in await Calls(session).read(run_id)]
    used = [call.reply.usage for call in calls if call.reply is not None and call.key.turn > EARLY_TURNS]
    return {"prompt_tokens": sum(usage.prompt_tokens for usage in used),
            "cached_tokens": sum(usage.cached_tokens for usage in used)}


if __name__ == "__main__":
    _, name, most, where = sys.argv
    print(json.dumps(asyncio.run(measure(name, int(most), Path(where)))))
