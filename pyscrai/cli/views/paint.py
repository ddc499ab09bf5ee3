"""Entries of a transcript for the terminal, in colour, and for pipes, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from pyscrai.exports.folded_changes import folded
from pyscrai.exports.transcript_entry import Entry, Tone

COLOURS = ("cyan", "magenta", "green", "bright_blue", "dark_orange3", "medium_violet_red", "dark_cyan", "purple")
"""What tells roles apart, in the order of the cast."""

NARROW = 60
"""Below this width the turn numbers and margins make way for the text."""

MARGIN = 5

_TRACES: frozenset[Tone | None] = frozenset({"action", "change", "warning", "note"})
"""What belongs to the speech before it."""


class Palette:
    """A style per role: a colour for those who act, plain for Narrators, dim for Analysts."""

    def __init__(self, cast: Iterable[Mapping[str, str]]) -> None:
        self._styles: dict[str, str] = {}
        used = 0
        for member in cast:
            if member["engine"] == "actor":
                self._styles[member["role"]] = f"bold {COLOURS[used % len(COLOURS)]}"
                used += 1
            else:
                self._styles[member["role"]] = "bold" if member["engine"] == "narrator" else "bold dim"

    def __getitem__(self, role: str) -> str:
        return self._styles.get(role, "bold")


class Painter:
    """Makes entries, given in their order, into what a terminal shows: blocks with air between them."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._before: Tone | None = None

    def paint(self, entry: Entry, width: int) -> RenderableType:
        """An entry, with an empty line before it where one is due."""
        close = (entry.tone == self._before and entry.tone in ("inject", "analysis", "status")) or (
            entry.tone in _TRACES and (self._before in _TRACES or self._before == "speech"))
        air = self._before is not None and not close
        self._before = entry.tone
        margin = 0 if width < NARROW else MARGIN
        drawn = self._draw(entry, margin)
        return Group("", drawn) if air else drawn

    def _draw(self, entry: Entry, margin: int) -> RenderableType:
        match entry.tone:
            case "heading":
                return Rule(Text(f"{entry.text} ", "bold"), style="dim", align="left")
            case "premise":
                return _indented(Text(entry.text, "italic"), margin)
            case "report":
                return Group(Rule(Text("Report ", "bold"), style="dim", align="left"), "", Padding(
                    Markdown(entry.text, hyperlinks=False), (0, 0, 0, margin), expand=False))
            case "speech":
                return Group(header(entry, self.palette, margin), _indented(Text(entry.text), margin))
            case _:
                return _indented(_small(entry, self.palette), margin)


def header(entry: Entry, palette: Palette, margin: int) -> Text:
    """The speaker, the turn, and those who alone hear it."""
    number = Text(f"{entry.turn:>{margin - 2}}  ", "dim") if margin else Text()
    number.append(entry.who, palette[entry.role])
    if entry.to:
        number.append(f"  → only {entry.to}", "dim italic")
    if entry.tag:
        number.append(f"  ({entry.tag})", "dim")
    return number


def _indented(text: Text, margin: int) -> Padding:
    return Padding(text, (0, 0, 0, margin), expand=False)


def _small(entry: Entry, palette: Palette) -> Text:
    text = Text()
    to = f" → only {entry.to}" if entry.to else ""
    match entry.tone:
        case "inject":
            text.append("◆ ", "yellow")
            if entry.who:
                text.append(f"{entry.who}: ", "bold yellow")
            text.append(entry.text, "yellow")
            if to or entry.tag:
                text.append(f"  [{', '.join(part for part in (entry.tag, to.strip()) if part)}]", "dim")
        case "action":
            text.append("▸ ", palette[entry.role]).append(f"{entry.who} ", palette[entry.role])
            text.append(entry.tag, "bold").append(f"  {entry.text}").append(to, "dim italic")
        case "change":
            text.append(f"∆ {entry.text}", "dim").append(f"  ({entry.tag})" if entry.tag else "", "dim italic")
        case "analysis":
            text.append(f"◇ {entry.who}: ", "bold dim").append(entry.text, "dim")
            if entry.aside:
                text.append(f"  {entry.aside}", "dim italic")
        case "warning":
            text.append(f"! {entry.who + ': ' if entry.who else ''}{entry.text}", "dim yellow")
        case "status":
            text.append(f"● {entry.tag}", "bold").append(f"  {entry.text}" if entry.text else "")
        case _:
            text.append(f"· {entry.text}", "dim")
    return text


def as_line(entry: Entry) -> str:
    """An entry as one line of plain text; a text of several lines goes on indented."""
    turn = f"[{entry.turn}] " if entry.turn and entry.tone in ("speech", "action", "inject", "analysis") else ""
    to = f" (only to {entry.to})" if entry.to else ""
    text = entry.text.replace("\n", "\n    ")
    match entry.tone:
        case "heading":
            return f"== {text} =="
        case "speech":
            tag = f" ({entry.tag})" if entry.tag else ""
            return f"{turn}{entry.who}{to}{tag}: {text}"
        case "inject":
            tag = f" [{entry.tag}]" if entry.tag else ""
            return f"{turn}* {entry.who + ': ' if entry.who else ''}{text}{to}{tag}"
        case "action":
            return f"{turn}{entry.who} > {entry.tag}{to}: {text}"
        case "analysis":
            aside = f" — {entry.aside}".replace("\n", "\n    ") if entry.aside else ""
            return f"{turn}{entry.who}, {entry.tag}: {text}{aside}"
        case "change":
            return f"    {text}" + (f" ({entry.tag})" if entry.tag else "")
        case "warning":
            return f"    ! {entry.who + ': ' if entry.who else ''}{text}"
        case "status":
            return f"run {entry.tag}" + (f": {text}" if text else "")
        case "report":
            return f"\n{entry.text}"
        case _:
            return f"    {text}" if entry.tone == "note" else text


def show(entries: Iterable[Entry], palette: Palette, console: Console, *, details: bool = False) -> None:
    """Print a transcript: in colour to a terminal, else a line each."""
    painter = Painter(palette)
    for entry in folded(entry for entry in entries if details or not entry.detail):
        if console.is_terminal:
            console.print(painter.paint(entry, console.width))
        else:
            print(as_line(entry), file=console.file)
