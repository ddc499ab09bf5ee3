"""A report by a small model: it answers two questions, what came of the play and which line mattered most.

Asked for a whole report, such a model invents; one sentence on what stands in the transcript it can write, and a line
it can choose. What it chose is quoted as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pyscrai.engines.layouts.figures import FIGURE, figures
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.state import Line
from pyscrai.errors import TryAgain

CANDIDATES = 4
"""How many sentences are asked for at most, until one gives nobody a number that is not theirs."""

_CLAUSE = re.compile(r"[,;.!?]\s+")

MOST_LINES = 30
"""How many lines, of the last ones, the most important is chosen from."""


class PlainBrief:
    """The two questions of a short report, and the report that the answers make."""

    tokens = 80
    """The longest sentence, in tokens."""

    def choices(self, lines: Sequence[Line]) -> list[Line]:
        """The lines that may have been the turning point."""
        return [line for line in lines if line["kind"] == "utterance"][-MOST_LINES:]

    def critic(self, lines: Sequence[Line]) -> Grounded:
        return Grounded(lines)

    def markdown(self, course: str, line: Line | None) -> str:
        """The report.

        Args:
            course: what happened, in a sentence.
            line: the turning point; None where nothing was said.
        """
        told = f"## What happened\n{course}"
        if line is None:
            return told
        quoted = " ".join(line["content"].split())
        return f"{told}\n\n## Turning point\n{line['name']}, in turn {line['turn']}: “{quoted}”"


class Grounded:
    """Asks again for a sentence with a number that is not of the one it is told of; takes the best in the end.

    A number is of somebody who said it, or who is named in the clause in which it was said. A sentence with numbers has
    one that was heard last: it is to say how things ended.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        names = sorted({line["name"] for line in lines if line["speaker"] and line["name"]}, key=len, reverse=True)
        named = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in names]
        self._told = re.compile("|".join([*named, FIGURE.pattern]))
        self._named = re.compile("|".join(named) or r"(?!)")
        self._heard: set[tuple[str, str]] = set()
        self._last: set[str] = set()
        for line in lines:
            self._last = self._figures(line["content"]) or self._last
            for clause in _CLAUSE.split(line["content"]):
                found = self._figures(clause)
                of = {line["name"] if line["speaker"] else "", *self._named.findall(clause)}
                if not line["speaker"] and len(of) > 1:
                    of.discard("")
                self._heard.update((name, figure) for name in of for figure in found)
        self._left = CANDIDATES - 1
        self._best: tuple[int, str] | None = None

    def judged(self, text: str) -> str:
        """The sentence as it stands in the report.

        Raises:
            TryAgain: another try is likely to be better.
        """
        wrong = self._wrong(text)
        if self._best is None or len(wrong) < self._best[0]:
            self._best = len(wrong), text
        if wrong and self._left:
            self._left -= 1
            raise TryAgain(wrong[0], again=_reseeded)
        return self._best[1]

    def _wrong(self, text: str) -> list[str]:
        """Faults of the numbers in a text: those that were not heard of the one they are told of."""
        found, who = [], ""
        for token in self._told.findall(text):
            if FIGURE.fullmatch(token) is None:
                who = token
            elif not all(self._is_of(who, figure) for figure in figures(token)):
                found.append(f"{token} is not heard of {who}" if who else f"{token} is not heard")
        if (told := self._figures(text)) and not told & self._last:
            found.append("it does not say how it ended")
        return found

    def _figures(self, text: str) -> set[str]:
        """The numbers in a text, without those in names: Player 2 has said no number."""
        return figures(self._named.sub("", text))

    def _is_of(self, who: str, figure: str) -> bool:
        """Whether a number was heard of somebody, or of nobody in particular."""
        return any(found == figure and (not who or name in (who, "")) for name, found in self._heard)


def _reseeded(request: ModelRequest) -> ModelRequest:
    return replace(request, seed=None if request.seed is None else request.seed + 1)
