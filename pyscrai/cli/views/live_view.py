"""The live transcript of a terminal: finished entries scroll up, what is being said and a status line stay below."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from pyscrai.cli.terminal import output
from pyscrai.cli.views.paint import MARGIN, NARROW, Painter, Palette, header
from pyscrai.cli.views.summary import hints, summary
from pyscrai.cli.views.view import Closing, Opening
from pyscrai.exports.figures import seconds
from pyscrai.exports.folded_changes import ChangeFold
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import Entry, Line, clean

FRAMES_PER_SECOND = 8
SILENCE = 1.5
"""Seconds without a word after which a role is no longer shown as speaking."""
STYLES = {"completed": "green", "failed": "red", "paused": "yellow", "waiting": "yellow", "stopped": "red"}


class LiveView:
    """Shows a run on a terminal; what streams in is replaced by what was recorded.

    Args:
        live: show what streams in and a status line; without it, only finished entries.
    """

    streams = True

    def __init__(self, console: Console | None = None, *, live: bool = True) -> None:
        self.console = console or output.console()
        self._is_live = live
        self._stage = _Stage()
        self._script = Transcript()
        self._painter = Painter(self._stage.palette)
        self._fold = ChangeFold()
        self._live: Live | None = None

    def opened(self, opening: Opening) -> None:
        names = {member["role"]: member["name"] for member in opening.cast}
        self._script = Transcript(names, opening.titles)
        self._stage.palette = Palette(opening.cast)
        self._painter = Painter(self._stage.palette)
        self._stage.names = names
        console = self.console
        console.print()
        console.print(Text.assemble((clean(opening.title), "bold"), (f"  {opening.template}  {opening.run_id}", "dim")))
        console.print(self._cast(opening))
        if opening.resumed:
            console.print(Text("goes on", "dim italic"))
        console.print()
        self._start()

    def event(self, line: Line) -> None:
        self._start()
        stage = self._stage
        stage.turn = max(stage.turn, int(line["turn"]))
        stage.phase = self._script.phase(line["phase"]) if line.get("phase") else stage.phase
        stage.record(str(line.get("source") or ""), line["kind"])
        for entry in self._script.read(line):
            if not entry.detail and not (entry.tone == "status" and entry.tag != "forked"):
                self._print(self._fold.push(entry))

    def _print(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.console.print(self._painter.paint(entry, self.console.width))

    def token(self, role: str, turn: int, piece: str | None) -> None:
        self._print(self._fold.flush())
        self._stage.hear(role, turn, piece)

    def say(self, text: str) -> None:
        """Tell the person something above the status line."""
        self.console.print(Text(f"  {text}", "yellow"))

    def suspend(self) -> None:
        self._print(self._fold.flush())
        if self._live is not None:
            self._stage.clear()
            self._live.stop()
            self._live = None

    def closed(self, closing: Closing) -> None:
        self.suspend()
        console = self.console
        console.print()
        head, *rest = summary(closing)
        console.print(Text(f"● {head}", f"bold {STYLES.get(closing.status, 'yellow')}"))
        for line in rest:
            console.print(Text(f"  {line}", "dim"))
        for line in hints(closing):
            console.print(Text(f"  {line}", "dim" if closing.status == "completed" else ""), soft_wrap=True)

    def _cast(self, opening: Opening) -> Text:
        """The cast with its models; a model that is the same for all is named once."""
        models = {member["model"] for member in opening.cast}
        cast = Text()
        for member in opening.cast:
            cast.append(" · " if cast else "", "dim")
            cast.append(clean(member["name"]), self._stage.palette[member["role"]])
            if len(models) > 1:
                cast.append(f" {member['model']}", "dim")
        if len(models) == 1:
            cast.append(f"  played by {models.pop()}", "dim")
        return cast

    def _start(self) -> None:
        if self._live is None and self._is_live:
            self._live = Live(self._stage, console=self.console, refresh_per_second=FRAMES_PER_SECOND, transient=True)
            self._live.start()


class _Stage:
    """What stands below the transcript: the speech that comes in, cut to the screen, and the status line."""

    def __init__(self) -> None:
        self.palette = Palette(())
        self.names: dict[str, str] = {}
        self.speech: dict[tuple[str, int], str] = {}
        self._asked: set[str] = set()
        self._heard_at: dict[str, float] = {}
        self.phase = ""
        self.turn = 0
        self._begun = time.monotonic()
        self._spinner = Spinner("dots", style="dim")

    def hear(self, role: str, turn: int, piece: str | None) -> None:
        """Take a piece of speech, the word that a model is asked, or back what was said in the turn."""
        if piece is None:
            self.speech.pop((role, turn), None)
        elif piece:
            self.speech[role, turn] = self.speech.get((role, turn), "") + piece
            self._heard_at[role] = time.monotonic()
        else:
            self._asked.add(role)

    def record(self, role: str, kind: str) -> None:
        """Note that something a role said or did is recorded."""
        self._asked.discard(role)
        if kind in ("utterance", "turn_skipped", "action"):
            for place in [place for place in self.speech if place[0] == role]:
                del self.speech[place]

    def clear(self) -> None:
        """Forget what was under way."""
        self.speech.clear()
        self._asked.clear()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        margin = 0 if options.max_width < NARROW else MARGIN
        speaking = list(self.speech.items())
        room = max(2, (options.size.height - 4) // max(1, len(speaking)) - 2)
        for (role, turn), text in speaking:
            yield Text()
            entry = Entry("speech", "", role, self.names.get(role, role), turn=turn)
            yield header(entry, self.palette, margin)
            lines = Text(clean(text)).wrap(console, max(10, options.max_width - margin))
            yield Padding(Text("\n").join(lines[-room:]), (0, 0, 0, margin), expand=False)
        yield Text()
        status = Text(" ".join(("", " · ".join(self._status()))), "dim")
        status.truncate(max(4, options.max_width - 2), overflow="ellipsis")
        spinner = self._spinner.render(console.get_time())
        yield Text.assemble(spinner if isinstance(spinner, Text) else "", status)

    def _status(self) -> Iterator[str]:
        yield f"turn {max((self.turn, *(turn for _, turn in self.speech)))}"
        if self.phase:
            yield self.phase
        now = time.monotonic()
        speaking = {role for role, _ in self.speech if now - self._heard_at.get(role, 0.0) < SILENCE}
        thinking = sorted(self._asked - speaking)
        for roles, doing in ((sorted(speaking), "speaking"), (thinking, "thinking")):
            if roles:
                yield f"{', '.join(self.names.get(role, role) for role in roles)} {doing}"
        yield seconds(time.monotonic() - self._begun)
        yield "Ctrl-C pauses"
