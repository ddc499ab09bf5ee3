"""A run as one HTML file that needs nothing else: no script, no request, everything that was recorded is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources

from markdown_it import MarkdownIt

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.figures import facts, figures_table, variables_table
from pyscrai.exports.folded_changes import folded
from pyscrai.exports.transcript_entry import Entry, clean

HUES = 8
"""How many colours tell roles apart."""


def render_html(dossier: Dossier) -> Iterator[str]:
    """The page, section by section."""
    style = resources.files("pyscrai.exports").joinpath("page.css").read_text(encoding="utf-8")
    title = _text(dossier.title)
    yield ("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
           f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n<header>\n"
           f"<h1 dir=\"auto\">{title}</h1>\n")
    yield "<dl>" + "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"
                           for name, value in facts(dossier)) + "</dl>\n</header>\n"
    hues = {member["role"]: index % HUES for index, member in enumerate(dossier.cast)}
    yield "<section aria-labelledby=\"cast\">\n<h2 id=\"cast\">Cast</h2>\n" + _table(
        ("Role", "Name", "Engine", "Agent", "Model"), [
            tuple(str(member.get(name) or "") for name in ("role", "name", "engine", "agent", "model"))
            for member in dossier.cast]) + "</section>\n"
    yield "<section aria-labelledby=\"transcript\">\n<h2 id=\"transcript\">Transcript</h2>\n"
    for entry in folded(entry for entry in dossier.transcript().entries(dossier.events)
                        if not entry.detail and entry.tone != "report"):
        yield _entry(entry, hues) + "\n"
    yield "</section>\n"
    if dossier.measurements:
        yield "<section aria-labelledby=\"measurements\">\n<h2 id=\"measurements\">Measurements</h2>\n" + _table(
            ("Turn", "Measure", "Of", "Value", "Rationale", "Evidence"), [
                (str(line["turn"]), line["measure"], line.get("of") or "",
                 clean(line.get("value")), line.get("rationale") or "",
                 ", ".join(line.get("evidence") or ())) for line in dossier.measurements]) + "</section>\n"
    head, rows = variables_table(dossier)
    if rows:
        yield ("<section aria-labelledby=\"variables\">\n<h2 id=\"variables\">Variables</h2>\n"
               + _table(head, rows, numbers=True) + "</section>\n")
    if dossier.report:
        yield ("<section aria-labelledby=\"report\">\n<h2 id=\"report\">Report</h2>\n"
               f"<div class=\"report\" dir=\"auto\">{render_report(dossier.report)}</div>\n</section>\n")
    if dossier.metrics:
        head, rows = figures_table(dossier.metrics)
        yield ("<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n"
               + _table(head, rows, numbers=True) + "</section>\n")
    yield "</main>\n</body>\n</html>\n"


def render_report(markdown: str) -> str:
    """A model's Markdown as HTML: no raw HTML, no links, no pictures, headings below the page's own."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "autolink", "image"])
    tokens = reader.parse(clean(markdown))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    rendered: str = reader.renderer.render(tokens, reader.options, {})
    return rendered


def _text(value: object) -> str:
    return escape(clean(value), quote=True)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    cells = "".join(f"<th scope=\"col\">{_text(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td dir=\"auto\">{_text(cell)}</td>" for cell in row) + "</tr>\n"
                   for row in rows)
    kind = ' class="numbers"' if numbers else ""
    return (f"<div class=\"wide\"><table{kind}>\n<thead><tr>{cells}</tr></thead>\n"
            f"<tbody>\n{body}</tbody></table></div>\n")


def _entry(entry: Entry, hues: dict[str, int]) -> str:
    text = _text(entry.text)
    if entry.tone == "heading":
        return f"<h3 id=\"e{entry.seq}\" dir=\"auto\">{text}</h3>"
    hue = f" hue{hues[entry.role]}" if entry.role in hues else ""
    whisper = " whisper" if entry.to and entry.tone in ("speech", "action") else ""
    who = f"<b class=\"who\">{_text(entry.who)}</b> " if entry.who else ""
    to = f"<span class=\"to\">heard only by {_text(entry.to)}</span> " if entry.to else ""
    tag = f"<span class=\"tag\">{_text(entry.tag)}</span> " if entry.tag else ""
    aside = f"<p class=\"aside\" dir=\"auto\">{_text(entry.aside)}</p>" if entry.aside else ""
    place = f"<a class=\"turn\" href=\"#e{entry.seq}\">{entry.turn}</a>" if entry.turn else ""
    return (f"<article class=\"{entry.tone}{hue}{whisper}\" id=\"e{entry.seq}\">{place}{who}{tag}{to}"
            f"<p dir=\"auto\">{text}</p>{aside}</article>")
