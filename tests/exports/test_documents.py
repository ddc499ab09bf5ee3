"""The documents that a run is exported to."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from pyscrai.exports.figures import facts, figure, lasted, money, seconds
from pyscrai.exports.formats import BINARY, MEDIA_TYPES, SUFFIXES, ExportFormat, by_suffix, renderer
from pyscrai.exports.html import render_report
from pyscrai.exports.markdown import escape
from tests.exports.samples import EVENTS, EVIL, dossier


def document(name: ExportFormat) -> str:
    return b"".join(renderer(name)(dossier())).decode()


def test_json_has_everything() -> None:
    whole = json.loads(document("json"))
    assert [event["seq"] for event in whole["events"]] == [event["seq"] for event in EVENTS]
    assert whole["run"]["run_id"] == "run_1"
    assert whole["calls"][0]["reply"] == "Good evening."
    assert [line["value"] for line in whole["measurements"]] == [4]
    assert whole["report"].startswith("# Findings")


def test_jsonl_is_an_object_a_line() -> None:
    types = [json.loads(text)["type"] for text in document("jsonl").splitlines()]
    assert types == ["run"] + ["role"] * 3 + ["event"] * len(EVENTS) + ["call"] + ["metrics"] * 2


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_well_formed_and_asks_nobody_for_anything() -> None:
    page = Page(document("html"))
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "link", "iframe", "object"}
    fetched = [value for _, attrs in page.tags for name, value in attrs.items()
               if name in ("src", "href", "style", "onerror") and not (value or "").startswith("#")]
    assert not fetched
    assert not re.search(r"url\(|@import", document("html"))


def test_html_shows_what_was_said_as_it_was_said() -> None:
    page = Page(document("html"))
    assert EVIL.replace("\x1b", "") in page.text
    assert "heard only by Ada" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text


def test_a_report_is_rendered_below_the_pages_headings() -> None:
    assert render_report("# One\n\n- **a**\n") == "<h3>One</h3>\n<ul>\n<li><strong>a</strong></li>\n</ul>\n"


def test_markdown_reads_as_it_was_said() -> None:
    html = MarkdownIt("commonmark", {"html": True}).render(document("markdown"))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot; `code` *stars* | pipe [31mred" in html
    assert "<h2>Findings</h2>" not in html


@pytest.mark.parametrize("said", ["1. first", "- no", "+ yes", "# five", "a | b", "<b>", "![x](y)", "=====", "2) two",
                                  "---", "    code", "~~~", "> quote", "&amp;"])
def test_markdown_escapes_any_line(said: str) -> None:
    html = MarkdownIt("commonmark").render(f"x:\n{escape(said)}")
    assert re.sub(r"</?p>", "", html).split("\n")[1].strip() == (
        said.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


@pytest.mark.parametrize("said", ["[a, b] costs $5, not $9", "[a](http://b)", "[a]: http://b", "[[a]](b) $$x$$",
                                  "![a](b)", "- [ ] to do"])
def test_markdown_makes_no_link_and_no_formula(said: str) -> None:
    """Marimo and others take an escaped opening bracket, and a bare dollar sign, for the beginning of a formula."""
    text = escape(said)
    assert "\\[" not in text
    assert not re.search(r"(?<!\\)\$", text)
    page = MarkdownIt().render(text)
    assert not re.search("<(?:a|img|li) ?", page), page
    assert unescape(re.sub(r"<[^>]*>", "", page)).strip() == said


def test_facts_in_words() -> None:
    told = dict(facts(dossier()))
    assert told["Outcome"] == "Agreed: bo said “deal”"
    assert told["Took"] == "1 min 05 s"
    assert told["Tokens"] == "1,000 in (80% cached), 120 out"
    assert told["Cost"] == "$0"
    assert "Error" not in told


@pytest.mark.parametrize(("span", "text"), [(0.012, "12 ms"), (3.21, "3.2 s"), (59.9, "1 min 00 s"),
                                              (3725, "1 h 02 min")])
def test_spans_of_time(span: float, text: str) -> None:
    assert seconds(span) == text


def test_figures() -> None:
    assert (money(None), money(0.0), money(0.00123), money(12.3)) == ("unknown", "$0", "$0.0012", "$12.30")
    assert figure("latency_p95_ms", 65_000.0) == "1 min 05 s"
    assert figure("calls", None) == "–"
    assert lasted(None, "2026-01-01T10:00:00+00:00") is None


def test_every_format_has_a_suffix() -> None:
    assert SUFFIXES.keys() == MEDIA_TYPES.keys()
    for name in SUFFIXES:
        assert b"".join(renderer(name)(dossier()))


def test_half_a_character_breaks_no_format() -> None:
    torn = [{**line, "text": "half \ud83d"} if line["kind"] == "utterance" else line for line in EVENTS]
    for name in SUFFIXES:
        written = b"".join(renderer(name)(dossier(events=torn)))
        if name not in BINARY:
            written.decode()
    assert "half \ud83d" in json.loads(b"".join(renderer("json")(dossier(events=torn))))["events"][2]["payload"]["text"]


@pytest.mark.parametrize(("file", "name"), [("a.json", "json"), ("a.jsonl", "jsonl"), ("a.chat.jsonl", "chat"),
                                            ("A.EVAL", "inspect"), ("a.markdown", "markdown"), ("a.md", "markdown"),
                                            ("a.csv", "csv"), ("a.html", "html"), ("a.txt", None), ("eval", None)])
def test_a_files_name_tells_its_format(file: str, name: str | None) -> None:
    assert by_suffix(file) == name


def test_csv_has_the_columns_of_the_table() -> None:
    rows = list(csv.DictReader(document("csv").splitlines(keepends=True)))
    assert [row["seq"] for row in rows] == [str(line["seq"]) for line in EVENTS]
    assert (rows[2]["text"], rows[2]["to_all"], rows[2]["audience"]) == ("Good evening.", "true", "")
    assert (rows[3]["to_all"], rows[3]["audience"], rows[10]["number"]) == ("false", "ada", "4")
    assert rows[3]["text"] == EVIL
