"""A text in Markdown that a notebook shows as what it means."""

from __future__ import annotations


class MarkdownText(str):
    """A ``str``, which Jupyter and marimo show formatted where it stands at the end of a cell."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)
