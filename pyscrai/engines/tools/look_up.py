"""Looking something up in the scenario's documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.memory.bm25 import Index, words
from pyscrai.engines.tools.tool import ToolAnswer, ToolScene, arguments_schema

LONGEST_PASSAGE = 600
"""Characters of a passage; longer paragraphs are cut at sentence ends."""

PASSAGES = 3
"""The number of passages that one look gives."""


class LookUp:
    """Finds the passages of a document that fit some words best."""

    name = "look_up"
    again = False
    description = "look something up in a document, by a few words"

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        documents = list(scene.plan.scenario.documents)
        if not documents:
            return None
        return arguments_schema({"document": {"enum": documents},
                                 "words": {"type": "string", LONGEST: 100}})

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        name = arguments["document"]
        found = search(scene.plan.scenario.documents[name], arguments["words"])
        if not found:
            return ToolAnswer([], f"{name} says nothing about “{arguments['words']}”")
        return ToolAnswer(found, f"{name}: {' … '.join(found)}")


def search(text: str, query: str) -> list[str]:
    """The passages of ``text`` that share words with ``query``, best first."""
    pieces = passages(text)
    index = Index()
    for number, piece in enumerate(pieces):
        index.add(str(number), words(piece))
    scores = index.scores(words(query))
    best = sorted(scores, key=lambda key: (-scores[key], int(key)))[:PASSAGES]
    return [pieces[int(key)] for key in best]


def passages(text: str) -> list[str]:
    """The paragraphs of a text, long ones in pieces that end with a sentence where they can."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        piece = ""
        for sentence in re.split(r"(?<=[.!?])\s+", " ".join(paragraph.split())):
            if piece and len(piece) + len(sentence) >= LONGEST_PASSAGE:
                found.append(piece)
                piece = ""
            piece = f"{piece} {sentence}".strip()
            while len(piece) > LONGEST_PASSAGE:
                found.append(piece[:LONGEST_PASSAGE])
                piece = piece[LONGEST_PASSAGE:].strip()
        if piece:
            found.append(piece)
    return found
