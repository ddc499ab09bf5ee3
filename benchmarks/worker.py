"""One measurement in a process of its own: `python -m benchmarks.worker SPEC` (JSON) prints one JSON line."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

WARM_UP_TURNS = 9


@dataclass(frozen=True, slots=True)
class Spec:
    """What one worker plays."""

    contestant: Literal["baseline", "pyscrai"]
    base_url: str
    turns: int
    runs: int = 1
    latency_ms: float = 0.0
    jitter: float = 0.0
    whole_history: bool = True
    loop: Literal["asyncio", "uvloop"] = "uvloop"
    """The event loop; the command line plays on uvloop."""
    slices: tuple[int, ...] = ()
    """Turns at which the CPU used so far is noted."""
    profile: str = ""
    """Writes cProfile data there; the figures are then worth nothing."""


class Contestant(Protocol):
    """What plays: opened once, then any number of runs."""

    async def open(self) -> None: ...

    async def play(self, number: int, turns: int, on_turn: Callable[[int], None] | None = None) -> int: ...

    async def close(self) -> None: ...


def cpu_seconds() -> float:
    """User and system time of all threads of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def database_bytes(folder: Path) -> int:
    """Bytes in use in all SQLite files, their write-ahead logs merged: pages less the free ones."""
    total = 0
    for path in folder.rglob("*"):
        if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
            with sqlite3.connect(path) as connection:
                pages, free, size = (connection.execute(f"pragma {name}").fetchone()[0]
                                     for name in ("page_count", "freelist_count", "page_size"))
            connection.close()
            total += (pages - free) * size
    return total


def control(base_url: str, command: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{base_url}/control/{command}", method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def contestant(spec: Spec, folder: Path) -> Contestant:
    if spec.contestant == "baseline":
        from benchmarks.baseline import Baseline

        return Baseline(base_url=spec.base_url, folder=folder)
    from benchmarks.contestant import Pyscrai

    return Pyscrai(base_url=spec.base_url, folder=folder, whole_history=spec.whole_history)


async def measure(spec: Spec, folder: Path) -> dict[str, Any]:
    """Warm up, play, and give what it took."""
    playing = contestant(spec, folder)
    control(spec.base_url, "reset")
    await playing.open()
    await playing.play(0, WARM_UP_TURNS)
    gc.collect()
    bytes_before = database_bytes(folder)
    control(spec.base_url, f"reset?latency_ms={spec.latency_ms}&jitter={spec.jitter}")
    noted: dict[int, float] = {}

    def note(turn: int) -> None:
        if turn in spec.slices:
            noted[turn] = cpu_seconds()

    profiler = None
    if spec.profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
    cpu, wall = cpu_seconds(), time.perf_counter()
    played = await asyncio.gather(*(playing.play(number + 1, spec.turns, note if spec.slices else None)
                                    for number in range(spec.runs)))
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    if profiler is not None:
        profiler.disable()
        profiler.dump_stats(spec.profile)
    stats = control(spec.base_url, "stats")
    await playing.close()
    turns = sum(played)
    if turns != spec.runs * spec.turns:
        raise RuntimeError(f"{spec.contestant} played {turns} of {spec.runs * spec.turns} turns")
    return {
        "turns": turns,
        "cpu_ms_per_turn": cpu * 1000 / turns,
        "wall_s": wall,
        "turns_per_s": turns / wall,
        "db_bytes_per_turn": (database_bytes(folder) - bytes_before) / turns,
        "requests_per_turn": stats["requests"] / turns,
        "prompt_bytes_per_turn": stats["prompt_bytes"] / turns,
        "most_at_once": stats["most_at_once"],
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "noted": noted,
    }


def main() -> None:
    """Play what the command line asks for."""
    spec = Spec(**json.loads(sys.argv[1]))
    # No tracing service is asked, whatever the user's environment says.
    os.environ |= {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}
    with tempfile.TemporaryDirectory(prefix="pyscrai-bench-") as folder:
        if spec.loop == "uvloop":
            import uvloop

            result = uvloop.run(measure(spec, Path(folder)))
        else:
            result = asyncio.run(measure(spec, Path(folder)))
    print(json.dumps({"spec": asdict(spec)} | result))


if __name__ == "__main__":
    main()
