"""The figures: each plays what it needs in fresh processes and gives a ratio with the bound that it is held to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.embedded import first_token
from benchmarks.worker import Spec

ROOT = Path(__file__).parent.parent
PYSCRAI = str(Path(sys.executable).parent / "pyscrai")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``bound`` is the most it may be, or the least where ``at_least``."""

    name: str
    value: float
    bound: float
    unit: str = ""
    at_least: bool = False
    aim: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@contextmanager
def model_server() -> Iterator[str]:
    """A model server of its own process; gives its base URL."""
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.server"], cwd=ROOT, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait(10)
        server.stdout.close()


def play(spec: Spec) -> dict[str, Any]:
    """Let a fresh worker play."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(spec))], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{spec.contestant} did not finish:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def cpu_per_turn(base_url: str, *, repeats: int) -> list[Figure]:
    """CPU per turn against the baseline: 30 turns, every line in every prompt."""
    ours, raw = Spec("pyscrai", base_url, turns=30), Spec("baseline", base_url, turns=30)
    pairs = [(play(ours), play(raw)) for _ in range(repeats)]     # in turn, so that noise hits both alike
    mine, theirs = (median(pair[side]["cpu_ms_per_turn"] for pair in pairs) for side in (0, 1))
    prompts = median(pair[0]["prompt_bytes_per_turn"] / pair[1]["prompt_bytes_per_turn"] for pair in pairs)
    return [Figure("CPU per turn / raw LangGraph", mine / theirs, 0.3, aim=0.2,
                   detail=f"{mine:.2f} ms / {theirs:.2f} ms; prompt bytes {prompts:.2f} of the raw ones")]


def flat_cost(base_url: str, *, repeats: int, turns: int) -> list[Figure]:
    """A turn late in a long run against an early one, with the default memory window."""
    early, late = (20, 120), (turns - 100, turns)
    long = Spec("pyscrai", base_url, turns=turns, whole_history=False, slices=(*early, *late))
    short = replace(long, turns=30, slices=())
    runs = [(play(short), play(long)) for _ in range(repeats)]

    def slope(result: dict[str, Any], span: tuple[int, int]) -> float:
        noted = result["noted"]
        return 1000 * float(noted[str(span[1])] - noted[str(span[0])]) / (span[1] - span[0])

    first, last = (median(slope(result, span) for _, result in runs) for span in (early, late))
    little, much = (median(pair[side]["db_bytes_per_turn"] for pair in runs) for side in (0, 1))
    return [
        Figure(f"CPU per turn, turns {late[0]} to {late[1]} / {early[0]} to {early[1]}", last / first, 1.3,
               detail=f"{last:.2f} ms / {first:.2f} ms"),
        Figure(f"database bytes per turn, {turns} turns / 30 turns", much / little, 1.2,
               detail=f"{much:,.0f} B / {little:,.0f} B"),
    ]


def concurrency(base_url: str, *, repeats: int, runs: int, turns: int) -> list[Figure]:
    """Many runs made and played at once in one process, the model taking 500 ms more or less.

    The ideal is a process that takes no time; ends at different times keep even that one at about 0.87.
    """
    spec = Spec("pyscrai", base_url, turns=turns, runs=runs, latency_ms=500, jitter=0.3,
                whole_history=False)
    ideal = runs / (spec.latency_ms / 1000)
    results = [play(spec) for _ in range(repeats)]
    speed = median(result["turns_per_s"] for result in results)
    cpu = median(result["cpu_ms_per_turn"] for result in results)
    return [Figure(f"{runs} runs at once at 500 ms, of the ideal speed", speed / ideal, 0.65, at_least=True,
                   detail=f"{speed:.0f} of {ideal:.0f} turns/s, {cpu:.2f} ms CPU a turn")]


def start_up(*, repeats: int) -> list[Figure]:
    """What a person waits for at the prompt."""

    def wall(*command: str) -> float:
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started

    commands = {"pyscrai --help": ((PYSCRAI, "--help"), 0.4),
                "import pyscrai": ((sys.executable, "-c", "import pyscrai"), 0.3)}
    times = {name: [wall(*command) for _ in range(repeats + 2)][2:] for name, (command, _) in commands.items()}
    return [Figure(name, median(times[name]), bound, unit="s") for name, (_, bound) in commands.items()]


def embedded(*, alias: str, turns: int, folder: Path, repeats: int) -> list[Figure]:
    """The first token of the embedded model, and the share of its prompts that its cache served."""
    first = []
    for number in range(repeats + 1):
        (own := folder / f"first-{number}").mkdir()
        first.append(first_token(alias, own, folder))
    first = first[1:]  # the one before made the database and warmed the disk
    done = subprocess.run([sys.executable, "-m", "benchmarks.embedded", alias, str(turns), str(folder)], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{alias} did not finish:\n{done.stderr[-3000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    asked, cached = result["prompt_tokens"], result["cached_tokens"]
    return [
        Figure(f"{alias}: first token at a terminal after `pyscrai run`", median(first), 5, unit="s",
               detail=f"its server started afresh; {min(first):.1f} to {max(first):.1f} s in {repeats}"),
        Figure(f"{alias}: prompt tokens of turns 5 to {turns} from its cache", cached / asked, 0.75, at_least=True,
               aim=0.85, detail=f"{cached} of {asked} tokens"),
    ]
