"""YAML to data with places, and nothing that a file holds can do more than fail."""
# ruff: noqa: ISC004  whole messages are compared

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.templates.reading.loader import read_text
from pyscrai.templates.reading.yaml_reader import LARGEST, plain, read
from tests.templates.examples import AGENTS, MEETING


def problems(text: str | bytes) -> list[str]:
    return [str(problem) for problem in read(text, file="f.yaml")[1]]


def test_data_and_places() -> None:
    documents, found = read("a: [x, 'y z']\nb:\n  c: >-\n    folded\n    text\n  d: plain text # note\n")
    assert not found
    assert documents[0].data == {"a": ["x", "y z"], "b": {"c": "folded text", "d": "plain text"}}
    places = documents[0].positions
    assert (places.values["a", 1].line, places.values["a", 1].column, places.values["a", 1].inner) == (1, 8, 9)
    assert places.values["b", "c"].inner is None
    assert (places.values["b", "d"].line, places.values["b", "d"].inner) == (6, 6)
    assert (places.keys["b", "d"].line, places.keys["b", "d"].column) == (6, 3)


def test_several_documents_keep_their_own_text() -> None:
    documents, _ = read("# one\na: 1\n---\nb: 2\n")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert documents[1].positions.values["b",].line == 4
    assert "a: 1" in documents[0].source
    assert "a: 1" not in documents[1].source


def test_a_single_document_keeps_its_comments() -> None:
    text = "# about this\na: 1  # one\n"
    assert read(text)[0][0].source == text


@pytest.mark.parametrize(("text", "value"), [
    ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("no", "no"), ("12", 12), ("-3", -3),
    ("007", 7), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1.0.0", "1.0.0"),
    ("2001-01-01", "2001-01-01"), (".inf", math.inf), ("1_000", "1_000"), ("9" * 50, float("9" * 50)),
])
def test_yaml_1_2_scalars(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_json_is_yaml() -> None:
    documents, found = read('{\n\t"a": "\\ud83d\\ude00 \\/",\n\t"b": [1, true, null]\n}')
    assert not found
    assert documents[0].data == {"a": "😀 /", "b": [1, True, None]}


@pytest.mark.parametrize(("text", "expected"), [
    ("a:\n\tb: 1", "f.yaml:2:1: a tab stands here (indent with spaces, never with tabs)"),
    ("a: [1,", "f.yaml:1:7: the text ends here before a bracket or an entry is complete (close every bracket that was "
               "opened)"),
    ("x: 1\na: \"b", "f.yaml:2:4: a text begins here whose quotes are never closed (close the quotes)"),
    ("a: 1\nb: 2\na: 3", "f.yaml:3:1: `a` stands here twice (keep one of them)"),
    ("a: *x", "f.yaml:1:4: there is no anchor &x before this"),
    ("a: &x [*x]", "f.yaml:1:8: there is no anchor &x before this"),
    ("a: !!python/name:os.system x", "f.yaml:1:4: the tag tag:yaml.org,2002:python/name:os.system has no meaning in a "
                                     "template (remove it)"),
    ("a: {{ x }}", "f.yaml:1:5: a name must be a plain text (a text with {{ }} needs quotes)"),
    ("a: 1\x00", "f.yaml:1:5: a control character stands here (remove it)"),
    (b"a: 1\nb: \xff", "f.yaml:2:1: this is no text in UTF-8 (save the file as UTF-8)"),
    ("a: b: c", "f.yaml:1:5: a second `: ` stands in this line (a text with a colon in it needs quotes, or a line of "
                "its own after >-)"),
    ("[" * 60, "f.yaml:1:42: this is nested more than 40 deep"),
    (b"x" * (LARGEST + 1), "f.yaml: the file is larger than 1 MB"),
])
def test_problems_have_places_and_cures(text: str | bytes, expected: str) -> None:
    assert problems(text) == [expected]


def test_aliases_are_counted_out() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9))
    assert problems(bomb) == ["f.yaml:5:15: the file has more than 30000 parts"]


def test_aliases_and_encodings_work() -> None:
    assert read("a: &x {y: 1}\nb: *x")[0][0].data == {"a": {"y": 1}, "b": {"y": 1}}
    assert read("﻿a: ü".encode())[0][0].data == {"a": "ü"}
    assert read("a: ü".encode("utf-16"))[0][0].data == {"a": "ü"}


def test_documents_before_an_error_are_kept() -> None:
    documents, found = read("a: 1\n---\nb: [")
    assert [document.data for document in documents] == [{"a": 1}]
    assert len(found) == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_no_bytes_make_a_traceback(content: bytes) -> None:
    reading = read_text(content)
    assert reading.problems
    assert all(problem.line for problem in reading.problems if problem.code != "template.empty")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([MEETING, AGENTS]), st.data())
def test_no_damaged_template_makes_a_traceback(path: object, data: st.DataObject) -> None:
    text = path.read_bytes()  # type: ignore[attr-defined]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    piece = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([
        b"\n", b"\t", b"  ", b": ", b"- ", b"{", b"}", b"[", b"]", b'"', b"'", b"|", b">", b"&a", b"*a", b"!", b"#",
        b"---\n",
        b"null", b"\xf0\x9f\x98\x80", b"%", b"@", b"? "])))
    for problem in read_text(text[:start] + piece + text[end:], file="f.yaml").problems:
        assert problem.line
        assert problem.message
