"""Files of others that would fill the memory: pictures, archives, JSON and YAML."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.errors import TemplateError
from pyscrai.experiments.reader import experiment_of_data
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.importing.importer import import_bytes
from pyscrai.templates.importing.png_text import SIGNATURE
from pyscrai.templates.reading.loader import MOST_PROBLEMS, read_data, read_text
from tests.depth import FULL
from tests.hostile.limited import assert_within


def picture(chunks: int, keyword: str) -> bytes:
    """A picture with so many texts of 8 MB each, packed."""
    packed = zlib.compress(bytes(8_000_000), 9)
    found = [SIGNATURE]
    for number in range(chunks):
        body = b"zTXt" + (keyword % number if "%" in keyword else keyword).encode() + b"\0\0" + packed
        found.append((len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big"))
    return b"".join([*found, (0).to_bytes(4, "big"), b"IEND", zlib.crc32(b"IEND").to_bytes(4, "big")])


def archive(content: bytes, name: str = "card.json", files: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
        for number in range(files):
            packed.writestr(f"{number:0200}", b"")
    return stream.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "picture of many texts": lambda: picture(430, "text%d"),
    "picture of many cards": lambda: picture(430, "chara"),
    "archive of zeros": lambda: archive(bytes(200_000_000)),
    "archive of many files": lambda: archive(b"{}", files=20_000),
    "deep JSON": lambda: b"[" * 2_000_000 + b"]" * 2_000_000,
    "wide JSON": lambda: b'{"persona": {"a": [' + b"[]," * 1_000_000 + b"[]]}}",
    "team of many": lambda: (b'{"environment": {"env_type": "x"}, "players": [' + b'{"name": "a"},' * 250_000
                             + b"{}]}"),
    "deep team": lambda: b'{"config": {"participants": [' * 15_000 + b"]}}" * 15_000,
    "many conditions": lambda: (b'{"config": {"participants": [], "termination_condition": {"provider": '
                                b'"x.OrTerminationCondition", "config": {"conditions": [' + b"{}," * 1_000_000
                                + b"{}]}}}}"),
    "book of many": lambda: b'{"entries": [' + b'{"keys": ["a"], "content": "b"},' * 120_000 + b"{}]}",
    "group of many": lambda: b'{"chats": [], "members": [' + b'"a.png",' * 480_000 + b'"b.png"]}',
    "comments without end": lambda: json.dumps({"spec": "chara_card_v2", "data": {
        "name": "A", "description": "x", "alternate_greetings": ["{{//" * 5_000] * 190}}).encode(),
    "long number": lambda: b'{"persona": {"age": ' + b"9" * 3_000_000 + b"}}",
}
"""Each is made when it is tried: an archive of 20,000 files takes a while."""


LARGE = ("wide JSON", "team of many", "many conditions", "book of many")
"""What takes long, and is tried in full tests alone."""


@pytest.mark.parametrize("name", FILES if FULL else [name for name in FILES if name not in LARGE])
def test_a_hostile_file_is_refused(name: str) -> None:
    file = FILES[name]()

    def work() -> None:
        try:
            import_bytes(file)
        except TemplateError:
            return

    assert_within(work, seconds=5, megabytes=400)


def layered(layers: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, layers)]
    return "\n".join(lines)


def parts(entry: str, number: int) -> str:
    return "kind: scenario\nname: large\npremise: x\nroles: {}\nflow: {start: x, phases: {}}\n" + entry * number


TEXTS = {
    "mistakes": parts("rules: [", 1) + "{wen: 1, sett: 2}, " * 5_500 + "]",
    "wrong kinds": parts("ends: [", 1) + "{judge: [{}]}, " * 5_500 + "]",
    "few parts on many lines": "a: |\n" + " b\n" * 300_000,
    "many documents": "---\na: 1\n" * 100_000,
    "aliases": layered(12),
    "deep": "[" * 100_000,
    "deep maps": "{a: " * 50_000,
    "many parts": "[" + "a," * 400_000 + "]",
    "long digits": "version: " + "9" * 900_000,
    "quotes": "a: '" + "''" * 400_000,
    "escapes": 'a: "' + "\\n" * 400_000 + '"',
    "spaces": "a:" + " " * 900_000 + "b",
    "newlines": "a: >\n" + "\n" * 900_000,
    "comments": "# x\n" * 200_000,
}


QUICK = ("aliases", "deep", "escapes", "long digits", "mistakes", "wrong kinds", "newlines", "few parts on many lines")


@pytest.mark.parametrize("name", TEXTS if FULL else QUICK)
def test_a_hostile_text_is_read_within_bounds(name: str) -> None:
    def work() -> None:
        problems = validate([read_text(TEXTS[name][:1_000_000])])
        assert 1 <= len(problems) <= 2 * (MOST_PROBLEMS + 1)

    assert_within(work, seconds=5, megabytes=400)


DATA: dict[str, Any] = {
    "wide": {"kind": "scenario", "rules": [[]] * 60_000},
    "deep": json.loads("[" * 900 + "]" * 900),
    "mistakes": {"kind": "scenario", "rules": [{"wen": 1, "sett": 2}] * 7_000},
    "wrong kinds": {"kind": "scenario", "ends": [{"judge": [{}]}] * 7_000, "groups": {"a": [[]] * 9_000}},
}


@pytest.mark.parametrize("name", DATA)
def test_hostile_data_is_read_within_bounds(name: str) -> None:
    def work() -> None:
        problems = validate([read_data(DATA[name])])
        assert 1 <= len(problems) <= 2 * (MOST_PROBLEMS + 1)
        with pytest.raises(TemplateError):
            experiment_of_data({"kind": "experiment", "arms": DATA[name], "questions": DATA[name]})

    assert_within(work, seconds=5, megabytes=400)
