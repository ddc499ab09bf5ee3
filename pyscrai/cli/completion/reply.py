"""``pyscrai __complete SHELL``: what the scripts of the shells ask at every Tab."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pyscrai.cli.completion.command_line import Pair, TypedWord, cursor_of, load_table, split
from pyscrai.cli.completion.values import FILES, Values

COMMAND = "__complete"
MOST = 200


def reply(shell: str, given: Sequence[str]) -> str:
    """The answer: a line that says ``files`` where a file's name may stand too, then a word a line.

    Args:
        shell: bash gives the line up to the cursor and the word as it sees it, which a colon or an equals sign begins
            anew; the others give the words up to the cursor.
    """
    words, seen = (split(given[0])[1:], given[1]) if shell == "bash" else (list(given), None)
    words = words or [""]
    table = load_table()
    cursor = cursor_of(table, words)
    found = _candidates(table, cursor, words[-1])
    files = "files" if cursor.value in FILES else ""
    if seen is None:
        lines = [f"{word}\t{' '.join(told.split())}" if told else word for word, told in found]
    else:
        before = len(words[-1]) - len(seen) if words[-1].endswith(seen) else 0
        lines = [shlex.quote(word[before:]) if " " in word else word[before:] for word, _ in found]
    return "\n".join([files, *lines])


def _candidates(table: dict[str, object], cursor: TypedWord, last: str) -> list[Pair]:
    incomplete = last.removeprefix(cursor.prefix)
    found = [pair for pair in cursor.words if pair[0].startswith(last)]
    if cursor.value is not None:
        found += [(cursor.prefix + word, told) for word, told in Values(table).of(cursor, incomplete)
                  if word.startswith(incomplete) and word.isprintable()]
    return list(dict(reversed(found)).items())[::-1][:MOST]
