"""Checkpoints of ended runs take less room packed: half of each is names that stand in every one of them."""

from __future__ import annotations

import zlib
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

MARK = "zlib1:"
"""In front of the type of what is packed. Another dictionary needs another mark: what was packed must stay readable."""

_NAMES = b" ".join((
    b"branch:to: __start__ __input__ __interrupt__ __pregel_tasks updated_channels speak resolve moderate observe",
    b"judge measure report inject action run_started run_completed end_reached flow_warning speaker_chosen",
    b"variable_changed change_refused memory_summarized measurement verdict human name content audience speaker id",
    b"type ai kind utterance all outcome reason label people verdicts measures usage tokens calls cost_usd unpriced",
    b"memory summary after kept turns moves clock phase_turns since visits last seconds tally events phase_entered",
    b"spoken words milliseconds sentiment fired armed circle chosen awaited roles done size rounds scenes variables",
    b"next role task turn goal detail phase messages begin narrator gather v ts id channel_values channel_versions",
    b"versions_seen +0000001. +0000010. +0000100. +0001000."))


def packed(kind: str, content: bytes) -> tuple[str, bytes]:
    """The stored type and content of a value, packed."""
    packer = zlib.compressobj(level=9, wbits=-15, zdict=_NAMES)
    return MARK + kind, packer.compress(content) + packer.flush()


class PackedReader(JsonPlusSerializer):
    """LangGraph's serializer, which reads what is packed too; it packs nothing by itself."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        kind, content = data
        if kind.startswith(MARK):
            return super().loads_typed((kind.removeprefix(MARK), _unpacked(content)))
        return super().loads_typed(data)


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=-15, zdict=_NAMES)
    return unpacker.decompress(content) + unpacker.flush()
