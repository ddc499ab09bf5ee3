"""Where a command writes: data to stdout, everything else to stderr."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyscrai.cli.terminal.folded import folded
from pyscrai.errors import ConfigError
from pyscrai.exports.json_text import dumps
from pyscrai.exports.transcript_entry import clean

if TYPE_CHECKING:
    from rich.console import Console


def json_line(value: Any) -> None:
    """Print one JSON object on a line of its own, at once."""
    print(dumps(value), flush=True)


def say(text: str = "") -> None:
    """Print a line of data as it is."""
    print(text)


def tell(text: str) -> None:
    """Tell the person what was asked for in words: folded to the terminal's width, in a pipe as it is."""
    print(folded(text, sys.stdout))


def write(pieces: Iterable[str]) -> None:
    """Write pieces of a document one after the other."""
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def write_bytes(content: bytes, *, binary: bool = False) -> None:
    """Write a piece of a document.

    Raises:
        ConfigError: it is no text, and a terminal would have to show it.
    """
    if binary and on_terminal():
        raise ConfigError("a terminal cannot show what is no text", code="output.binary",
                          cure="name a file with --output, or send it through a pipe")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


class StandardOutput(io.RawIOBase):
    """Stdout as a file for what writes into files.

    Args:
        binary: what is written is no text.
    """

    def __init__(self, *, binary: bool) -> None:
        self._binary, self._at = binary, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, content: Any, /) -> int:
        """Write a piece.

        Raises:
            ConfigError: as ``write_bytes``.
        """
        piece = bytes(content)
        write_bytes(piece, binary=self._binary)
        self._at += len(piece)
        return len(piece)


def write_file(target: Path, content: str | bytes) -> int:
    """Write a document to a file of the person's choice; returns its size in bytes.

    Raises:
        ConfigError: the file cannot be written.
    """
    with writing(target):
        return target.write_bytes(content.encode(errors="backslashreplace") if isinstance(content, str) else content)


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """A block that writes a file or folder of the person's choice.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}", code="output.file",
                          cure="name another place with --output") from None


def note(text: str) -> None:
    """Tell the person something that is no data."""
    print(folded(clean(text), sys.stderr), file=sys.stderr, flush=True)


def on_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """A console for colours and tables: as wide as the terminal, and never cut where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, markup=False, emoji=False,
                   width=None if stream.isatty() else 160, soft_wrap=not stream.isatty())
