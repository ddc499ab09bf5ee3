"""Foreign data under import: what is taken is ticked off, and what is left is told to the author."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from anyascii import anyascii

from pyscrai.templates.models.base import LONGEST_TEXT

ITEM = 2_000
"""Characters that one entry of a list keeps."""

MOST = 1_000
"""Entries that one list keeps."""


class Source:
    """A group of foreign fields.

    Args:
        place: how notes call it.
        notes: where this and all sources opened from it put their notes.
    """

    def __init__(self, data: Any, place: str, notes: list[str]) -> None:
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self.place = place
        self.notes = notes
        self._taken: set[str] = set()
        if data is not None and not isinstance(data, Mapping):
            self.note("is no group of fields and is left out")

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) not in (None, "", [], {})

    def note(self, text: str, name: str = "") -> None:
        """Tell the author what could not be carried over."""
        place = ".".join(part for part in (self.place, name) if part)
        self.notes.append(f"{place}: {text}" if place else text)

    def take(self, *names: str) -> Any:
        """The first of the fields that is there; all of them count as carried over."""
        self._taken.update(names)
        return next((self.data[name] for name in names if name in self), None)

    def groups(self, name: str, most: int) -> list[Source]:
        """The groups of fields in a list; what is no group, and what is beyond a number, is noted and left out."""
        value = self.take(name)
        listed = value if isinstance(value, list) else []
        if value is not None and not isinstance(value, list):
            self.note("is no list and is left out", name)
        if len(listed) > most:
            self.note(f"{len(listed) - most} of {len(listed)} entries are left out", name)
        place = f"{self.place}.{name}" if self.place else name
        return [Source(each, f"{place}[{index}]", self.notes) for index, each in enumerate(listed[:most])]

    def open(self, name: str) -> Source:
        """A group of fields inside this one."""
        self._taken.add(name)
        return Source(self.data.get(name), f"{self.place}.{name}" if self.place else name, self.notes)

    def text(self, *names: str, limit: int = LONGEST_TEXT) -> str:
        """A text, or numbers as text; lists become lines."""
        value = self.take(*names)
        if isinstance(value, list):
            text = "\n".join(self._texts(value))
        elif isinstance(value, Mapping):
            text = "\n".join(f"{words(key)}: {item}" for key, item in value.items() if isinstance(item,
                                                                                                  str | int | float))
        else:
            text = "" if value is None else str(value)
        return self._cut(clean(text), names[0], limit)

    def texts(self, *names: str) -> list[str]:
        """A list of texts; a single text is one entry, named entries become ``name: text``."""
        value = self.take(*names)
        if isinstance(value, str):
            value = [value]
        found = list(self._texts(value)) if isinstance(value, list | Mapping) else []
        return [self._cut(text, names[0], ITEM) for text in found]

    def number(self, *names: str, low: float, high: float) -> float | None:
        """A number between two bounds; one outside is noted and left out."""
        value = self.take(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.note(f"{value!r} is not between {low:g} and {high:g} and is left out", names[0])
            return None
        return float(value)

    def whole(self, *names: str, low: int, high: int) -> int | None:
        """A whole number between two bounds."""
        value = self.number(*names, low=low, high=high)
        return None if value is None else int(value)

    def leave(self, name: str, why: str) -> None:
        """Tick a field off that has no place in a template, with a note if it holds anything."""
        self._taken.add(name)
        if name in self:
            self.note(why, name)

    def ignore(self, *names: str) -> None:
        """Tick fields off that say nothing about the play."""
        self._taken.update(names)

    def told(self) -> list[str]:
        """Every field that nobody has asked for and that holds words or numbers, as sentences."""
        found: list[str] = []
        for name in self.data:
            if name in self._taken or name not in self:
                continue
            value = self.data[name]
            if isinstance(value, Mapping):
                inner = self.open(str(name))
                lines = inner.told()
                inner.rest()
                if lines:
                    found.append(f"{words(name).capitalize()}: {row(lines)}")
            elif isinstance(value, bool):
                self._taken.add(name)
                found.append(sentence(f"{words(name).capitalize()}: {'yes' if value else 'no'}"))
            elif text := row(self.texts(name)) if isinstance(value, list | str) else self.text(name):
                found.append(sentence(f"{words(name).capitalize()}: {text}"))
        return found

    def rest(self) -> None:
        """Note every field that nobody has asked for."""
        for name in self.data:
            if name not in self._taken and name in self:
                self.note("has no place in a template and is left out", str(name))

    def _texts(self, value: list[Any] | Mapping[str, Any]) -> Iterator[str]:
        if len(value) > MOST:
            self.note(f"{len(value) - MOST} of {len(value)} entries are left out")
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, item in islice(entries, MOST):
            prefix = f"{words(name)}: " if isinstance(name, str) else ""
            if isinstance(item, Mapping):
                inner = [clean(str(part)) for part in item.values() if isinstance(part, str | int | float)]
                text = ": ".join(part for part in inner if part)
            elif isinstance(item, list):
                text = row(clean(str(part)) for part in item[:MOST] if isinstance(part, str | int | float))
            elif isinstance(item, bool):
                text, prefix = (words(name) if item else "") if isinstance(name, str) else "", ""
            else:
                text = "" if item is None else clean(str(item))
            if text:
                yield f"{prefix}{text}"

    def _cut(self, text: str, name: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.note(f"is cut to {limit} of its {len(text)} characters", name)
        return text[:limit - 1].rstrip() + "…"


def clean(text: str) -> str:
    """A text without control characters and with plain line breaks, as YAML can hold it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    text = "".join(character for character in text if character == "\n" or (unicodedata.category(character) not in (
        "Cc", "Cs", "Cn", "Co") and character not in "\u2028\u2029\ufeff"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def words(name: str) -> str:
    """An identifier in words."""
    return clean(re.sub(r"[_\-]+", " ", str(name)))


def sentence(text: str) -> str:
    """A text that ends as a sentence does."""
    text = text.strip()
    return text if not text or text[-1] in ".!?…:;。！？" else f"{text}."


def row(texts: Iterable[str]) -> str:
    """Texts one after the other: as sentences, unless there is one alone."""
    found = [text for text in texts if text]
    return found[0] if len(found) == 1 else " ".join(map(sentence, found))


def slug(name: str, *, joint: str = "-", empty: str = "unnamed", longest: int = 48) -> str:
    """A template's or role's name from any text, in Latin letters whatever its own are."""
    plain = anyascii(name).lower()
    found = re.sub(r"[^a-z0-9]+", joint, plain).lstrip("-_0123456789")[:longest].strip("-_")
    return found or empty


def unbraced(text: str) -> str:
    """A text whose braces stay as they are where texts are rendered."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)
