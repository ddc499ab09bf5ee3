"""A report by a small model: it answers two questions, what came of the play and which line mattered most.

Asked for a whole report, such a model invents; one sentence on what stands in the transcript it can write, and a line
it can choose. What it chose is quoted as it was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyscrai.engines.layouts.figures import figures
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.state import Line
from pyscrai.errors import TryAgain

CANDIDATES = 3
"""How many sentences are asked for at most, until one names no number that was not heard."""

MOST_LINES = 30
"""How many lines, of the last ones, the most important is chosen from."""


class PlainBrief:
    """The two questions of a short report, and the report that the answers make."""

    tokens = 80
    """The longest sentence, in tokens."""

    def choices(self, lines: Sequence[Line]) -> list[Line]:
        """The lines that may have been the turning point."""
        return [line for line in lines if line["kind"] == "utterance"][-MOST_LINES:]

    def critic(self, heard: Sequence[str]) -> Grounded:
        return Grounded(heard)

    def markdown(self, course: str, line: Line | None) -> str:
        """The report.

        Args:
            course: what happened, in a sentence.
            line: the turning point; None where nothing was said.
        """
        told = f"## What happened\n{course}\n"
        if line is None:
            return told
        quoted = " ".join(line["content"].split())
        return f"{told}\n## Turning point\n{line['name']}, in turn {line['turn']}: “{quoted}”\n"


class Grounded:
    """Asks again for a sentence with a number that was never heard; takes the one with the fewest in the end."""

    def __init__(self, heard: Sequence[str]) -> None:
        self._heard = figures(" ".join(heard))
        self._left = CANDIDATES - 1
        self._best: tuple[int, str] | None = None

    def judged(self, text: str) -> str:
        """The sentence as it stands in the report.

        Raises:
            TryAgain: another try is likely to be better.
        """
        invented = sorted(figures(text) - self._heard)
        if self._best is None or len(invented) < self._best[0]:
            self._best = len(invented), text
        if invented and self._left:
            self._left -= 1
            raise TryAgain(f"it says {invented[0]}, which nobody has said", again=_reseeded)
        return self._best[1]


def _reseeded(request: ModelRequest) -> ModelRequest:
    return replace(request, seed=None if request.seed is None else request.seed + 1)
