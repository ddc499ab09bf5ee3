"""A command line that is being typed, and what may stand next in it.

All that is known of commands and options stands in ``table.json``, which ``.ci/reference.py`` makes: importing what
carries the commands out takes longer than a person waits for a Tab.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Pair = tuple[str, str]
"""A word and what it means."""

TABLE = Path(__file__).parent / "table.json"


def load_table() -> dict[str, Any]:
    """Commands, options, and the values that are known beforehand."""
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class TypedWord:
    """The place of the word under the cursor.

    Args:
        words: words that may stand here, before any is left out.
        value: the kind of value that is asked for, or the values themselves.
        prefix: what stands before the value in the same word: ``--model=``, ``ROLE=``.
        typed: the values that were given, by the parameter's name.
    """

    words: tuple[Pair, ...] = ()
    value: str | tuple[str, ...] | None = None
    prefix: str = ""
    typed: dict[str, list[str]] = field(default_factory=dict)


def cursor_of(table: dict[str, Any], words: Sequence[str]) -> TypedWord:
    """The place of the last of the words, which may be empty."""
    node, typed, count, over = table["root"], dict[str, list[str]](), 0, False
    pending: str | None = None
    for word in words[:-1]:
        options = node.get("options", {})
        if pending is not None:
            typed.setdefault(pending, []).append(word)
            pending = None
        elif not over and word == "--":
            over = True
        elif not over and word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            if equals:
                typed.setdefault(name, []).append(value)
            elif options.get(name, {}).get("value") is not None:
                pending = name
            else:
                typed.setdefault(name, [])
        elif not count and word in node.get("commands", {}):
            node = node["commands"][word]
        else:
            positional = _positional(node, count)
            if positional is not None:
                typed.setdefault(positional["name"], []).append(word)
            count += 1
    return _cursor(node, words[-1], typed, count, pending, over=over)


def _cursor(node: dict[str, Any], last: str, typed: dict[str, list[str]], count: int, pending: str | None, *,
          over: bool) -> TypedWord:
    options = node.get("options", {})
    if pending is not None:
        return TypedWord(value=_value(options[pending]), typed=typed)
    if last.startswith("-") and not over:
        name, equals, _ = last.partition("=")
        if equals:
            return TypedWord(value=_value(options.get(name, {})), prefix=f"{name}=", typed=typed)
        return TypedWord(words=tuple((name, told["help"]) for name, told in options.items()
                                if name not in typed or told.get("many")), typed=typed)
    commands = () if count else tuple((name, told["help"]) for name, told in node.get("commands", {}).items())
    positional = _positional(node, count)
    return TypedWord(words=commands, value=None if positional is None else _value(positional), typed=typed)


def _positional(node: dict[str, Any], count: int) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = node.get("positionals", [])
    if count < len(found):
        return found[count]
    return found[-1] if found and found[-1].get("many") else None


def _value(told: dict[str, Any]) -> str | tuple[str, ...] | None:
    value = told.get("value")
    return tuple(value) if isinstance(value, list) else value


def split(line: str) -> list[str]:
    """The words of a line as a shell splits it, up to its end; the last may be empty, or have a quote left open."""
    words, word, quote, open_word = list[str](), "", "", False
    characters = iter(line)
    for character in characters:
        if character == "\\" and quote != "'":
            word, open_word = word + next(characters, ""), True
        elif quote:
            quote, word = ("", word) if character == quote else (quote, word + character)
        elif character in "'\"":
            quote, open_word = character, True
        elif character.isspace():
            if open_word or word:
                words.append(word)
            word, open_word = "", False
        else:
            word += character
    return [*words, word]
