"""World info of SillyTavern and lorebooks: entries with keys, which become documents that roles can look up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyscrai.templates.importing.character_card import filled
from pyscrai.templates.importing.foreign_fields import Source, clean, slug
from pyscrai.templates.importing.team import AnyTemplate, Named, Team
from pyscrai.templates.models.base import LONGEST_TEXT

MOST = 2_000
"""Entries that a book may have."""

APART = 24
"""Entries that are documents of their own; a book with more becomes volumes."""

SOMEBODY = "the character"

HOW = ("when and where an entry is put into a prompt (position, order, probability, depth) is left out: roles look "
       "things up by words")


@dataclass
class World:
    """What books say: what always holds, and documents by their names."""

    always: list[str] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)

    def add(self, other: World) -> None:
        """Take in another's."""
        self.always += other.always
        for name, text in other.documents.items():
            self.documents[_free(name, self.documents)] = text


def is_world(data: dict[str, Any]) -> bool:
    """Whether data is world info or a lorebook."""
    return "members" not in data and any(isinstance(entry, dict) and "content" in entry and (
        "key" in entry or "keys" in entry) for entry in _entries(data)[:20])


def read_world(data: dict[str, Any], notes: list[str], place: str = "") -> World:
    """The book's entries that are not switched off."""
    world = World()
    kept: list[tuple[str, str]] = []
    off = 0
    entries = _entries(data)
    if len(entries) > MOST:
        notes.append(f"{len(entries) - MOST} entries beyond the first {MOST} are left out")
    for entry in entries[:MOST]:
        if not isinstance(entry, dict):
            continue
        source = Source(entry, place, [])
        text = filled(source.text("content", limit=LONGEST_TEXT // 2), SOMEBODY)
        keys = [key for name in ("keys", "key", "secondary_keys", "keysecondary") for key in source.texts(name)]
        if entry.get("disable") is True or entry.get("enabled") is False or not text:
            off += 1
        elif entry.get("constant") is True:
            world.always.append(text)
        else:
            name = source.text("comment", "name", limit=60) or (keys[0] if keys else "")
            head = ", ".join(dict.fromkeys([*([name] if name else []), *keys]))[:500]
            kept.append((name, f"{head}: {' '.join(text.split())}" if head else text))
    if off:
        notes.append(f"{off} entries that are switched off or empty are left out")
    if kept:
        notes.append(HOW)
    if len(kept) <= APART:
        for name, text in kept:
            world.documents[_free(name, world.documents)] = text
    else:
        for number, volume in enumerate(_volumes([text for _, text in kept]), 1):
            world.documents[f"world_{number}"] = volume
    return world


def from_world(data: dict[str, Any], notes: list[str], named: Named) -> list[AnyTemplate]:
    """A scenario in which somebody who knows the world answers a visitor who does not."""
    source = Source({"book": data.get("name") or ""}, "", notes)
    title = str(data.get("name") or "A world")
    world = read_world(data, notes)
    team = Team(source, named, "world-info")
    team.add("Guide", team.agent("Guide", role="somebody who knows this world and answers questions about it"))
    team.add("Visitor", team.agent("Visitor", role="somebody who has just arrived and asks about everything"))
    notes.append("a book has no people: a guide and a visitor are added; put its `documents` into a scenario of yours, "
                 "or import it together with a group")
    return team.scenario(title=title, premise="\n\n".join(world.always), turns=12, documents=world.documents,
                         description=clean(str(data.get("description") or "")))


def _entries(data: dict[str, Any]) -> list[Any]:
    inside = data.get("data") if isinstance(data.get("data"), dict) and "spec" in data else data
    entries = inside.get("entries") if isinstance(inside, dict) else None
    if isinstance(entries, dict):
        return list(entries.values())
    return entries if isinstance(entries, list) else []


def _free(name: str, taken: dict[str, str]) -> str:
    key = slug(name, joint="_", empty="entry", longest=40)
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    return found


def _volumes(texts: list[str]) -> list[str]:
    volumes: list[str] = []
    for text in texts:
        if volumes and len(volumes[-1]) + len(text) + 2 <= LONGEST_TEXT:
            volumes[-1] += f"\n\n{text}"
        else:
            volumes.append(text[:LONGEST_TEXT])
    return volumes
