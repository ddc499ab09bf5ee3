"""A run as a Markdown document: what was played, the transcript, the measurements, the report and what it took."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.figures import facts, figures_table, variables_table
from pyscrai.exports.folded_changes import folded
from pyscrai.exports.transcript_entry import Entry, clean

_SPECIAL = re.compile(r"([\\`*_{}\]<>#|~&$])")
"""What Markdown reads otherwise. An escaped closing bracket makes no link; an opening one that is escaped begins a
formula for many readers, as a dollar sign does.
"""
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$|[-=])", re.MULTILINE)


def escape(text: object) -> str:
    """Text that Markdown shows as it is, HTML in it included."""
    return _LINE_START.sub(_backslash, _SPECIAL.sub(r"\\\1", clean(text)))


def _backslash(match: re.Match[str]) -> str:
    mark = match[2]
    return f"{match[1]}{mark[:-1]}\\{mark[-1]}"


def render_markdown(dossier: Dossier) -> Iterator[str]:
    """The document, section by section."""
    yield f"# {escape(dossier.title)}\n\n"
    yield _table(("", ""), [(name, f"{escape(value)}") for name, value in facts(dossier)])
    yield "\n## Cast\n\n"
    yield _table(("Role", "Name", "Engine", "Agent", "Model"), [
        tuple(escape(member.get(field) or "") for field in ("role", "name", "engine", "agent", "model"))
        for member in dossier.cast])
    yield "\n## Transcript\n\n"
    for entry in folded(entry for entry in dossier.transcript().entries(dossier.events)
                        if not entry.detail and entry.tone != "report"):
        yield _paragraph(entry) + "\n\n"
    if dossier.measurements:
        yield "## Measurements\n\n"
        yield _table(("Turn", "Measure", "Of", "Value", "Rationale", "Evidence"), [
            (line["turn"], escape(line["measure"]), escape(line.get("of") or ""), escape(line.get("value")),
             escape(line.get("rationale") or ""), escape(", ".join(line.get("evidence") or ())))
            for line in dossier.measurements])
        yield "\n"
    head, rows = variables_table(dossier)
    if rows:
        yield "## Variables\n\n" + _table(head, [tuple(map(escape, row)) for row in rows]) + "\n"
    if dossier.report:
        yield f"## Report\n\n{_deeper(dossier.report)}\n\n"
    if dossier.metrics:
        head, rows = figures_table(dossier.metrics)
        yield "## Figures\n\n" + _table(head, [tuple(map(escape, row)) for row in rows])


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    def row(cells: Sequence[object]) -> str:
        return "| " + " | ".join(str(cell).replace("\n", " ") for cell in cells) + " |\n"

    return row(head) + row(["---"] * len(head)) + "".join(row(cells) for cells in rows)


def _paragraph(entry: Entry) -> str:
    text, who, tag = escape(entry.text), escape(entry.who), escape(entry.tag)
    to = f" *(heard only by {escape(entry.to)})*" if entry.to else ""
    match entry.tone:
        case "heading":
            return f"### {text}"
        case "premise":
            return _quoted(text)
        case "speech":
            played = f" *({tag})*" if tag else ""
            return f"**{who}**{to}{played}: {text}"
        case "inject":
            return _quoted(f"**{who or 'Inject'}**{to}: {text}")
        case "action":
            return f"**{who}** ▸ *{tag}*{to}: {text}"
        case "analysis":
            aside = f" — {escape(entry.aside)}" if entry.aside else ""
            return _quoted(f"*{who}, {tag}*: {text}{aside}")
        case "status":
            return f"*Run {tag}: {text}*" if text else f"*Run {tag}.*"
        case "change":
            return f"*{text}*" + (f" ({tag})" if tag else "")
        case _:
            return f"*{who + ': ' if who else ''}{text}*"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _deeper(markdown: str) -> str:
    """A report below our own headings, with no HTML and no pictures of its own."""
    harmless = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", clean(markdown)).strip().replace("![", "!&#91;")
    return re.sub(r"^(#{1,4}) ", r"##\1 ", harmless, flags=re.MULTILINE)
