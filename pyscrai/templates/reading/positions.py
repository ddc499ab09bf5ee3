"""Where the parts of a template stand in its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pyscrai.errors import Problem
from pyscrai.templates.models.base import LARGEST_INTEGER

Step = str | int
Path = tuple[Step, ...]
"""The way to a part: field names, keys and places in lists, from the top."""

LONGEST_VALUE = 200
"""Characters of a value that a problem repeats."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A line and a column, both from 1; ``inner`` is the column of a one-line text's first character, if as written."""

    line: int
    column: int
    inner: int | None = None


@dataclass(frozen=True, slots=True)
class Positions:
    """The places of a document's values and keys; empty where it did not come from a text."""

    file: str | None = None
    values: dict[Path, TextPlace] = field(default_factory=dict)
    keys: dict[Path, TextPlace] = field(default_factory=dict)

    def value(self, path: Sequence[Step]) -> TextPlace | None:
        """The place of a value, or of the nearest part around it."""
        return self._nearest(self.values, tuple(path))

    def key(self, path: Sequence[Step]) -> TextPlace | None:
        """The place of a key, or of the nearest part around it."""
        return self.keys.get(tuple(path)) or self.value(path)

    def renamed(self, names: Sequence[tuple[Path, str]]) -> Positions:
        """The places as if the keys at some paths were called otherwise; the innermost paths stand first."""
        if not names:
            return self
        called = dict(names)

        def moved(path: Path) -> Path:
            return tuple(called.get(path[:length + 1], step) for length, step in enumerate(path))

        return Positions(self.file, {moved(path): place for path, place in self.values.items()},
                         {moved(path): place for path, place in self.keys.items()})

    def problem(self, code: str, path: Sequence[Step], message: str, *, value: Any = None, cure: str | None = None,
                on_key: bool = False, offset: int | None = None, warning: bool = False) -> Problem:
        """A problem at a part of the document.

        Args:
            on_key: it is the key that is wrong, not its value.
            offset: it stands at this character of the text at ``path``.
        """
        place = self.key(path) if on_key else self.value(path)
        line, column = (place.line, place.column) if place else (None, None)
        if place is not None and offset is not None and place.inner is not None and tuple(path) in self.values:
            column = place.inner + offset
        return Problem(code=code, message=_sound(message), field=_sound(spell(path)), value=_shown(value),
                       cure=None if cure is None else _sound(cure), file=self.file, line=line, column=column,
                       severity="warning" if warning else "error")

    @staticmethod
    def _nearest(places: dict[Path, TextPlace], path: Path) -> TextPlace | None:
        for length in range(len(path), -1, -1):
            if (place := places.get(path[:length])) is not None:
                return place
        return None


def spell(path: Sequence[Step]) -> str:
    """A path as people write it: ``flow.phases.debate.next[0].when``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _sound(text: str) -> str:
    """A text that can be written in UTF-8: halves of characters, which JSON can hold, are spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return _sound(value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…")
    if isinstance(value, int | float) and not abs(value) <= LARGEST_INTEGER:  # nor is nan
        return str(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [_shown(item) for item in list(value)[:20]]
    return value if value is None or isinstance(value, str | int | float | bool) else None
