"""The live board of an experiment: cells by state, the interval narrowing, spend against budget, time left."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyscrai.cli.terminal import output

if TYPE_CHECKING:
    from pyscrai.factories.services import Services

COLOURS = {"ended": "green", "playing": "cyan", "failed": "red", "excluded": "yellow", "planned": "bright_black"}
WIDTH = 48
EVERY = {"live": 0.5, "lines": 5.0, "json": 1.0}


class ExperimentBoard:
    """Shows an experiment while it runs; a context manager. On a terminal it is drawn anew, in a pipe told in lines."""

    def __init__(self, services: Services, experiment_id: str, *, as_json: bool) -> None:
        self._services, self._id = services, experiment_id
        self._kind = "json" if as_json else "live" if sys.stderr.isatty() else "lines"
        self._task: asyncio.Task[None] | None = None
        self._last = ""

    async def __aenter__(self) -> ExperimentBoard:
        self._task = asyncio.create_task(self._show())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _show(self) -> None:
        if self._kind != "live":
            while True:
                await asyncio.sleep(EVERY[self._kind])
                self._tell(await self._status())
        from rich.live import Live

        with Live(console=output.console(stderr=True), transient=True, auto_refresh=False) as live:
            while True:
                live.update(board(await self._status()), refresh=True)
                await asyncio.sleep(EVERY["live"])

    async def _status(self) -> dict[str, Any]:
        from pyscrai.services.experiments.status import experiment_status

        return await experiment_status(self._services, self._id)

    def _tell(self, status: Mapping[str, Any]) -> None:
        text = json.dumps(status["cells"]) + line(status)
        if text == self._last:
            return
        self._last = text
        if self._kind == "json":
            output.json_line({"type": "status", **status})
        else:
            output.note(line(status))


def line(status: Mapping[str, Any]) -> str:
    """The status in one line."""
    from pyscrai.experiments.report.figures import duration, number, usd

    cells = status["cells"]
    parts = [f"{cells['ended']} of {status['planned']} runs ended", f"{cells['playing']} playing"]
    parts += [f"{cells[name]} {name}" for name in ("failed", "excluded") if cells[name]]
    if status["half_width"] is not None:
        parts.append(f"half width {number(status['half_width'])}")
    if status["usd"]:
        parts.append(usd(status["usd"]) + (f" of {usd(status['budget_usd'])}" if status["budget_usd"] else ""))
    if status["seconds_left"]:
        parts.append(f"about {duration(status['seconds_left'])} left")
    return f"{status['name']}{' (pilot)' if status['pilot'] else ''}: " + ", ".join(parts)


def board(status: Mapping[str, Any]) -> Any:
    """The status as a drawing for a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from pyscrai.experiments.report.figures import duration, number, usd

    arms = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in (("Arm", "left"), ("", "left"), *(("to play" if state == "planned" else state, "right")
                                                 for state in COLOURS)):
        arms.add_column(name, justify=justify)  # type: ignore[arg-type]
    for arm, states in list(status["arms"].items())[:20]:
        arms.add_row(arm, _bar(states), *(str(states.get(state, 0)) for state in COLOURS))
    facts = Text()
    for label, value in (
            ("status", f"{status['status']}{' (' + status['reason'] + ')' if status['reason'] else ''}"),
            ("half width", number(status["half_width"]) or "none yet"), ("stops at", " or ".join(status["stop"]) or
                                                                         "all pasts"),
            ("spent", usd(status["usd"]) + (f" of {usd(status['budget_usd'])}" if status["budget_usd"] else "")
             + f", {status['tokens']:,} tokens"),
            ("time", duration(status["seconds"]) + (f", about {duration(status['seconds_left'])} left"
                                                    if status["seconds_left"] else ""))):
        facts.append(f"{label}: ", style="dim").append(f"{value}\n")
    title = Text(f"{status['name']}@{status['version']}", style="bold").append(f"  {status['question']}", style="dim")
    return Group(title, arms, facts)


def _bar(states: Mapping[str, int]) -> Any:
    from rich.text import Text

    whole = sum(states.values()) or 1
    bar, done = Text(), 0
    for state, colour in COLOURS.items():
        end = round(sum(states.get(name, 0) for name in list(COLOURS)[:list(COLOURS).index(state) + 1]) / whole * WIDTH)
        bar.append("█" * (end - done), style=colour)
        done = end
    return bar
