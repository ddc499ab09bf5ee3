"""YAML 1.2 (and so JSON) to plain data with the place of every part; nothing that a file holds can do more than fail.

Built on the parser's events rather than on its constructor: nesting, aliases and size are bounded while reading, keys
that stand twice are found, and no tag makes an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from pyscrai.errors import Problem
from pyscrai.plain_text import storable
from pyscrai.templates.reading.positions import Path, Positions, TextPlace
from pyscrai.templates.reading.syntax_mistake import syntax_mistake

LARGEST = 1_000_000
"""Bytes that a file may have."""
DEEPEST = 40
"""How deep a document may be nested."""
MOST = 30_000
"""Parts that all documents of a file may have, aliases counted out in full."""
MOST_LINES = 50_000
"""Lines that a file may have, however little is on them."""

_LINE_ENDS = re.compile("\r\n?|[\n\x85\u2028\u2029]")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OTHER_INTEGER = re.compile(r"0o([0-7]{1,40})|0x([0-9a-fA-F]{1,40})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+])?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NOWHERE: Path = ("",)
"""Where parts are noted that do not enter the data."""
_TAGS = ("!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!")

class _Stop(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class Document:
    """One document of a file: its data and where its parts stand."""

    data: Any
    positions: Positions
    source: str = ""


def read(content: str | bytes, *, file: str | None = None) -> tuple[list[Document], list[Problem]]:
    """All documents of a text, and what is wrong with it as YAML.

    A syntax error ends the reading; documents before it are still returned.
    """
    positions = Positions(file)
    problems: list[Problem] = []
    if len(content) > LARGEST:
        return [], [positions.problem("template.too_large", (), f"the file is larger than {LARGEST // 1_000_000} MB")]
    documents: list[Document] = []
    try:
        text = _decode(content, positions)
        if len(_LINE_ENDS.findall(text)) > MOST_LINES:
            return [], [positions.problem("template.too_large", (), f"the file has more than {MOST_LINES} lines")]
        for document in _Reader(text, file, problems).documents():
            documents.append(document)  # noqa: PERF402  the documents before an error are kept
        if len(documents) == 1:
            documents[0].source = text  # with the comments around it
    except _Stop as stop:
        problems.append(stop.problem)
    return documents, problems


def _decode(content: str | bytes, positions: Positions) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[:error.start].count(b"\n") + 1
        raise _Stop(Problem(code="template.encoding", message="this is no text in UTF-8", file=positions.file,
                            line=line, column=1, cure="save the file as UTF-8")) from None


class _Reader:
    def __init__(self, text: str, file: str | None, problems: list[Problem]) -> None:
        self.text = text
        self.problems = problems
        self.count = 0
        self.events: Iterator[Event] = iter(())
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.places = Positions(file)

    def documents(self) -> Iterator[Document]:
        try:
            self.events = iter(YAML(typ="safe", pure=True).parse(self.text))
            for event in self.events:
                if isinstance(event, DocumentStartEvent):
                    document = self.document(event)
                    if document.data is not None:
                        yield document
        except ReaderError as error:
            at = error.position if isinstance(error.position, int) else 0
            line, column = self.text.count("\n", 0, at) + 1, at - (self.text.rfind("\n", 0, at) + 1) + 1
            raise _Stop(Problem(code="template.encoding", file=self.places.file, line=line, column=column,
                                message="a control character stands here", cure="remove it")) from error
        except MarkedYAMLError as error:
            raise _Stop(self.syntax(error)) from error
        except (YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError,
                StopIteration) as error:
            # The parser is written for well-formed text and trips over some of the rest with plain Python errors.
            raise _Stop(Problem(code="template.syntax", file=self.places.file, line=1, column=1,
                                message="this cannot be read as YAML",
                                cure="check the quotes, brackets and indentation")) from error

    def document(self, start: Event) -> Document:
        self.anchors = {}
        self.places = Positions(self.places.file)
        data = self.build(next(self.events), (), 0)
        end = next(self.events)
        return Document(data, self.places, self.text[start.start_mark.index:end.end_mark.index])

    def syntax(self, error: MarkedYAMLError) -> Problem:
        line, column, message, cure = syntax_mistake(error, self.text)
        return Problem(code="template.syntax", message=message, file=self.places.file, cure=cure, line=line + 1,
                       column=column + 1)

    # -- parts --------------------------------------------------------------------------------------------------------

    def build(self, event: Event, path: Path, depth: int) -> Any:
        before = self.count
        self.spend(1, event)
        if depth > DEEPEST:
            raise _Stop(self.problem(event, "template.too_deep", f"this is nested more than {DEEPEST} deep"))
        self.places.values[path] = self.place(event)
        if isinstance(event, AliasEvent):
            return self.alias(event)
        self.check_tag(event)
        data: Any
        if isinstance(event, ScalarEvent):
            data = self.scalar(event)
        elif isinstance(event, SequenceStartEvent):
            data = self.sequence(path, depth)
        else:
            data = self.mapping(path, depth)
        if getattr(event, "anchor", None):
            self.anchors[str(getattr(event, "anchor"))] = data, self.count - before  # noqa: B009  untyped events
        return data

    def alias(self, event: AliasEvent) -> Any:
        name = str(getattr(event, "anchor"))  # noqa: B009  untyped events
        if name not in self.anchors:
            self.note(event, "template.alias", f"there is no anchor &{name} before this")
            return None
        data, parts = self.anchors[name]
        self.spend(parts, event)
        return data

    def sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self.build(event, (*path, len(items)), depth + 1))
        return items

    def mapping(self, path: Path, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            name = self.key(event, depth)
            wanted = name is not None and name not in entries
            if name is not None and not wanted:
                self.note(event, "template.duplicate_key", f"`{name}` stands here twice", cure="keep one of them")
            inner, within = next(self.events), (*path, name) if wanted and name is not None else _NOWHERE
            data = self.build(inner, within, depth + 1)
            if wanted and name is not None:
                entries[name] = data
                self.places.keys[within] = self.place(event)
                if inner.start_mark.index == inner.end_mark.index:  # nothing is there: its name is the place to look at
                    self.places.values[within] = self.place(event)
        return entries

    def key(self, event: Event, depth: int) -> str | None:
        if isinstance(event, ScalarEvent):
            self.check_tag(event)
            self.spend(1, event)
            text = storable(str(event.value))
            if getattr(event, "anchor", None):
                self.anchors[str(getattr(event, "anchor"))] = text, 1  # noqa: B009  untyped events
            return text
        self.build(event, _NOWHERE, depth + 1)
        jinja = self.text[max(event.start_mark.index - 1, 0)] == "{"
        self.note(event, "template.key", "a name must be a plain text", cure=(
            "a text with {{ }} needs quotes" if jinja else None))
        return None

    def scalar(self, event: ScalarEvent) -> Any:
        text = storable(str(event.value))
        return plain(text) if event.style is None and "str" not in str(event.tag or "") else text

    def check_tag(self, event: Event) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag).replace("tag:yaml.org,2002:", "!!") not in _TAGS:
            self.note(event, "template.tag", f"the tag {tag} has no meaning in a template", cure="remove it")

    def spend(self, parts: int, event: Event) -> None:
        self.count += parts
        if self.count > MOST:
            raise _Stop(self.problem(event, "template.too_large", f"the file has more than {MOST} parts"))

    # -- places -------------------------------------------------------------------------------------------------------

    def place(self, event: Event) -> TextPlace:
        mark = event.start_mark
        inner = None
        if isinstance(event, ScalarEvent) and event.style in (None, "'", '"'):
            quote = 0 if event.style is None else 1
            written = self.text[mark.index + quote:event.end_mark.index - quote]
            if written == event.value and "\n" not in written:
                inner = mark.column + 1 + quote
        return TextPlace(mark.line + 1, mark.column + 1, inner)

    def note(self, event: Event, code: str, message: str, *, cure: str | None = None) -> None:
        self.problems.append(self.problem(event, code, message, cure=cure))

    def problem(self, event: Event, code: str, message: str, *, cure: str | None = None) -> Problem:
        mark = event.start_mark
        return Problem(code=code, message=message, cure=cure, file=self.places.file, line=mark.line + 1,
                       column=mark.column + 1)


def plain(text: str) -> Any:
    """The value of an unquoted scalar in the YAML 1.2 core schema."""
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if match := _OTHER_INTEGER.fullmatch(text):
        return int(match[1], 8) if match[1] else int(match[2], 16)
    if len(text) < 400 and _FLOAT.fullmatch(text):
        return float(text)
    if match := _SPECIAL.fullmatch(text):
        return float("nan") if match[3] else float(f"{match[1] or ''}inf")
    return text
