"""Character cards as JSON, in pictures and in archives."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from pyscrai.errors import TemplateError
from pyscrai.templates.importing.importer import import_bytes, import_file
from pyscrai.templates.importing.png_text import texts
from tests.templates.foreign import CARD
from tests.templates.test_importing import agent, archive, encoded, imported, picture


def test_character_card() -> None:
    found = agent(CARD)
    assert (found.name, found.version, found.tags) == ("zoe", "2.1.0", ("imported", "sci-fi"))
    assert found.personality.backstory == "Zoë is a pilot.\nShe owes the other person a drink.\n\nThe sky is green."
    assert found.personality.traits == ("brave", "curt")
    assert found.personality.examples == ("*waves* Hello the other person!", "Yo.", "Me.\nAnd the engine.", "Again.")
    assert found.personality.constraints == ("Never land.",)
    assert "Situation: A hangar at night." in found.description
    notes = "\n".join(imported(CARD).notes)
    for part in ("data.character_book: 1 entries", "data.scenario:", "data.extensions:", "data.odd:"):
        assert part in notes


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt packed"])
def test_card_in_a_picture(kind: str, tmp_path: Path) -> None:
    text = encoded(CARD)
    bodies = {"tEXt": b"chara\0" + text, "zTXt": b"chara\0\0" + zlib.compress(text),
              "iTXt": b"chara\0\0\0\0\0" + text, "iTXt packed": b"chara\0\1\0en\0k\0" + zlib.compress(text)}
    path = tmp_path / "card.png"
    path.write_bytes(picture((kind[:4].encode(), bodies[kind])))
    assert import_file(path).templates == imported(CARD).templates


def test_a_v3_card_counts_before_a_v2_card() -> None:
    newer = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "New", "nickname": "Newt",
                                                                      "description": "x"}}
    content = picture((b"tEXt", b"ccv3\0" + encoded(newer)), (b"tEXt", b"chara\0" + encoded(CARD)))
    template, = import_bytes(content).templates
    assert template.name == "newt"


@pytest.mark.parametrize("broken", [
    (b"tEXt", b"ccv3\0!!!"), (b"zTXt", b"ccv3\0\0junk"), (b"tEXt", b"ccv3\0" + encoded([1])),
    (b"zTXt", b"ccv3\0\0" + zlib.compress(bytes(5_000_000)))])
def test_a_broken_card_does_not_hide_a_good_one(broken: tuple[bytes, bytes]) -> None:
    found = import_bytes(picture(broken, (b"tEXt", b"chara\0" + encoded(CARD))))
    assert [template.name for template in found.templates] == ["zoe"]
    assert any("is broken and was passed over" in note for note in found.notes)
    damaged = picture((b"tEXt", b"ccv3\0" + encoded(CARD)), (b"tEXt", b"chara\0" + encoded(CARD)))
    assert import_bytes(damaged.replace(b"ccv3\0e", b"ccv3\0f")).templates[0].name == "zoe"


def test_a_card_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "card.charx"
    path.write_bytes(archive(json.dumps(CARD).encode()))
    assert import_file(path).templates == imported(CARD).templates


def test_a_v1_card() -> None:
    assert agent({"name": "Old", "description": "x", "personality": "a long. text", "first_mes": "Hi"}).name == "old"


def test_text_chunks() -> None:
    assert texts(picture((b"tEXt", b"a\0b"), (b"tEXt", b"broken"), (b"tEXt", b"c\0d")), {"a"}) == ({"a": b"b"}, [])
    with pytest.raises(TemplateError):
        texts(b"GIF89a", {"a"})
