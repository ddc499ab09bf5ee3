"""PyScrAI as the benchmark drives it: through the factories, as the command line does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class Pyscrai:
    """One database, one process, any number of runs."""

    def __init__(self, *, base_url: str, folder: Path, whole_history: bool) -> None:
        self.base_url, self.folder, self.whole_history = base_url, folder, whole_history

    async def open(self) -> None:
        raise NotImplementedError("the factories are not there yet")

    async def play(self, number: int, turns: int, on_turn: Callable[[int], None] | None = None) -> int:
        """Play one run of so many turns and return how many were played."""
        raise NotImplementedError("the factories are not there yet")

    async def close(self) -> None:
        raise NotImplementedError("the factories are not there yet")
