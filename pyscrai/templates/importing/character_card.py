"""Character Cards: V1, V2 (``chara_card_v2``) and V3 (``chara_card_v3``), as JSON or inside a PNG picture."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
import zlib
from typing import Any

from pyscrai.errors import Problem, TemplateError
from pyscrai.templates.importing.foreign_fields import ITEM, Source, slug
from pyscrai.templates.importing.png_text import LARGEST, texts
from pyscrai.templates.models.agent import AgentTemplate, Personality

KEYWORDS = ("ccv3", "chara")
"""What pictures call their cards, the newer format first."""

LARGEST_LISTING = 1_000_000
"""Bytes that the list of an archive's files may have."""

EXAMPLES = 12
"""How many lines of a card are kept as examples."""

SOMEBODY = "the other person"
_V1 = {"first_mes", "mes_example", "char_persona", "char_greeting"}


def is_card(data: dict[str, Any]) -> bool:
    """Whether data is a character card."""
    return str(data.get("spec", "")).startswith("chara_card") or bool(_V1 & data.keys())


def card_in_picture(content: bytes, notes: list[str]) -> Any:
    """The data of the card in a PNG picture; a V3 card counts before a V2 card, and a sound one before a broken one.

    Raises:
        TemplateError: the picture holds no card, or broken ones alone.
    """
    found, errors = texts(content, KEYWORDS)
    for keyword in KEYWORDS:
        if keyword not in found:
            continue
        try:
            card = json.loads(base64.b64decode(found[keyword], validate=False).decode("utf-8"))
            if not isinstance(card, dict):
                raise ValueError("no group of fields")
        except (binascii.Error, UnicodeDecodeError, ValueError, RecursionError) as error:
            errors.append(_broken(f"the card in this picture is broken: {type(error).__name__}", None))
            continue
        if errors:
            notes.append("another card in this picture is broken and was passed over; "
                         f"this is the one under `{keyword}`")
        return card
    raise errors[0] if errors else _broken(
        "there is no character card in this picture",
        "save the card again from the program that made it; converting a picture loses its card")


def card_in_archive(content: bytes) -> Any:
    """The data of the card in a ``.charx`` archive: its file ``card.json``; pictures and sounds stay where they are.

    Raises:
        TemplateError: the archive holds no card, or a broken one.
    """
    end = content.rfind(b"PK\x05\x06")
    if end < 0 or int.from_bytes(content[end + 12:end + 16], "little") > LARGEST_LISTING:
        raise _broken("this archive is cut off, or lists more files than a card has", None)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("card.json") as stream:
            text = stream.read(LARGEST + 1)
            if len(text) > LARGEST:
                raise _broken(f"the card in this archive is larger than {LARGEST // 1_000_000} MB", None)
            return json.loads(text.decode("utf-8-sig"))
    except KeyError:
        raise _broken("there is no card.json in this archive", "a .charx archive holds the card as card.json") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError,
            RecursionError) as error:
        raise _broken(f"the card in this archive is broken: {type(error).__name__}", None) from error


def from_card(data: dict[str, Any], notes: list[str]) -> AgentTemplate:
    """An Actor with the card's description, example lines and instructions."""
    outer = Source(data, "", notes)
    outer.ignore("spec", "spec_version", "create_date", "avatar", "chat", "fav", "talkativeness")
    wrapped = isinstance(data.get("data"), dict)
    card = outer.open("data") if wrapped else outer
    name = card.text("name", "char_name", limit=200)
    if wrapped:
        outer.ignore(*card.data)  # V2 files often repeat the V1 fields outside, for old readers

    def own(text: str) -> str:
        return filled(text, name)

    description = own(card.text("description", "char_persona"))
    personality = own(card.text("personality"))
    scenario = own(card.text("scenario", "world_scenario"))
    short = len(personality) <= 300 and "," in personality and "\n" not in personality
    examples = [own(text) for text in [*card.texts("first_mes", "char_greeting"), *card.texts("alternate_greetings"),
                                       *card.texts("group_only_greetings")]]
    examples += _spoken(card.text("mes_example", "example_dialogue"), name)
    if len(examples) > EXAMPLES:
        card.note(f"{len(examples) - EXAMPLES} example lines beyond the first {EXAMPLES} are left out")
    constraints = [own(text) for text in (card.text("system_prompt", limit=ITEM),
                                          card.text("post_history_instructions", limit=ITEM)) if text]
    always = _lore(card)
    backstory = "\n\n".join(part for part in (description, "" if short else personality, *map(own, always)) if part)
    if scenario:
        card.note("the situation stands in the description now; write it as the `premise` of a scenario", "scenario")
    template = AgentTemplate(
        name=slug(card.text("nickname", limit=200) or name), title=name, engine="actor",
        version=_version(card.text("character_version", limit=50)), description=_about(card, scenario),
        tags=("imported", *dict.fromkeys(slug(tag) for tag in card.texts("tags")[:20])),
        personality=Personality(
            role=f"the character {name or 'of a card'}", backstory=backstory[:20_000],
            traits=tuple(part.strip() for part in personality.split(",") if part.strip()) if short else (),
            constraints=tuple(text for text in constraints if text), examples=tuple(
                text for text in examples[:EXAMPLES] if text)))
    for field in ("extensions", "assets", "source", "creation_date", "modification_date", "creator_notes_multilingual"):
        card.leave(field, "has no place in a template and is left out") if field in ("extensions", "assets") else (
            card.ignore(field))
    card.rest()
    if wrapped:
        outer.rest()
    return template


def filled(text: str, name: str) -> str:
    """A card's own marks put in words: the character, the other one, and comments."""
    end = text.rfind("}}") + 2 if "}}" in text else 0   # behind it no comment is closed: none is looked for
    text = re.sub(r"\{\{\s*//.*?\}\}|\{\{\s*(?:original|trim|noop)\s*\}\}", "", text[:end],
                  flags=re.IGNORECASE | re.DOTALL) + text[end:]
    text = re.sub(r"\{\{\s*char\s*\}\}|<BOT>", lambda _: name, text, flags=re.IGNORECASE)
    return re.sub(r"\{\{\s*user\s*\}\}|<USER>", SOMEBODY, text, flags=re.IGNORECASE).strip()


def _spoken(dialogue: str, name: str) -> list[str]:
    """The character's lines in example dialogues."""
    found: list[str] = []
    for block in re.split(r"<START>", dialogue, flags=re.IGNORECASE):
        lines = re.split(r"^\s*(\{\{\s*char\s*\}\}|\{\{\s*user\s*\}\}|" + re.escape(name or "\0") + r")\s*:", block,
                         flags=re.IGNORECASE | re.MULTILINE)
        for speaker, text in zip(lines[1::2], lines[2::2], strict=True):
            if "user" not in speaker.lower() and (spoken := filled(text, name)):
                found.append(spoken[:ITEM])
    return found


def book_of(data: dict[str, Any]) -> dict[str, Any]:
    """The book of a card; empty where it has none."""
    inside = data.get("data") if isinstance(data.get("data"), dict) else data
    book = inside.get("character_book") or inside.get("lorebook") if isinstance(inside, dict) else None
    return book if isinstance(book, dict) else {}


def with_constant_lore(data: dict[str, Any]) -> dict[str, Any]:
    """A card whose book has the entries that always hold and no others: those stand elsewhere."""
    inside = data.get("data") if isinstance(data.get("data"), dict) else data
    name = "character_book" if "character_book" in inside else "lorebook"  # type: ignore[operator]
    entries = book_of(data).get("entries")
    listed = list(entries.values()) if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    kept = {**inside, name: {"entries": [entry for entry in listed  # type: ignore[dict-item]
                                         if isinstance(entry, dict) and entry.get("constant")]}}
    return kept if inside is data else {**data, "data": kept}


def _lore(card: Source) -> list[str]:
    """The entries of a card's book that always hold; the rest waits for words that nothing here looks out for."""
    book = card.take("character_book", "lorebook")
    entries = book.get("entries") if isinstance(book, dict) else None
    entries = list(entries.values()) if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    held = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("content"), str)]
    always = [entry["content"][:ITEM] for entry in held if entry.get("constant") and entry.get("enabled", True)]
    if len(held) > len(always):
        card.note(f"{len(held) - len(always)} entries that wait for a keyword are left out; a scenario can hold them "
                  "as `documents` for the tool look_up", "character_book")
    return always


def _about(card: Source, scenario: str) -> str:
    creator = card.text("creator", limit=200)
    parts = (card.text("creator_notes", limit=4_000), f"Situation: {scenario}" if scenario else "",
             f"Made by {creator}." if creator else "")
    return "\n\n".join(part for part in parts if part)


def _version(text: str) -> str:
    numbers = re.findall(r"\d{1,6}", text)[:3]
    return ".".join([*numbers, "0", "0", "0"][:3]) if numbers else "1.0.0"


def _broken(message: str, cure: str | None) -> TemplateError:
    return TemplateError([Problem(code="template.card", message=message, cure=cure)])
