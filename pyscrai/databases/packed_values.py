"""Checkpoints of ended runs take less room packed: most of each is names that stand in every one of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

MARK = "zlib2:"
"""In front of the type of what is packed. Another dictionary needs another mark: what was packed must stay readable."""

MARKS = "zlib_:%"
"""The pattern of all marks, for SQL's LIKE."""

_NAMES = b" ".join((
    b"branch:to: __start__ __input__ __interrupt__ __pregel_tasks updated_channels speak resolve moderate observe",
    b"judge measure report inject action run_started run_completed end_reached flow_warning speaker_chosen",
    b"variable_changed change_refused memory_summarized measurement verdict human name content audience speaker id",
    b"type ai kind utterance all outcome reason label people verdicts measures usage tokens calls cost_usd unpriced",
    b"memory summary after kept turns moves clock phase_turns since visits last seconds tally events phase_entered",
    b"spoken words milliseconds sentiment fired armed circle chosen awaited roles done size rounds scenes variables",
    b"next role task turn goal detail phase messages begin narrator gather v ts id channel_values channel_versions",
    b"versions_seen +0000001. +0000010. +0000100. +0001000."))

_CHECKPOINT = (
    b"\x91\x88\xa4type\xa2ai\xa4kind\xa9utterance\xa7speaker\xa1a\xa4name\xa1A\xa7content\xa0\xa8audience"
    b"\xa3all\xa2id\xa3t12\xa4turn\x0c\x87\xa1v\x04\xa2ts\xd9 2026-11-26T19:28:49.255380+00:00"
    b"\xa2id\xd9$1f1e9cf9-af6a-66af-800c-79fcc9810688\xaechannel_values\x88\xa4turn\x0b\xa5phase\xa5start"
    b"\xa9variables\x80\xa4next\x91\x83\xa4role\xa8narrator\xa4task\xa5speak\xa4turn\x0c\xa5clock\x8b"
    b"\xabphase_turns\x0b\xa5since\x00\xa6visits\x81\xa5start\x01\xa4last\xa1a"
    b"\xa7seconds\xcb?\xd0\x00\x00\x00\x00\x00\x00\xa5tally\x80\xa6events\x83\xabrun_started\x01"
    b"\xadphase_entered\x01\xa9utterance\x0b\xa6spoken\x80\xa5fired\x80\xa5armed\x80\xa5turns\x82\xa1a\x0b"
    b"\xa8narrator\x0b\xa6memory\x82\xa1a\x81\xa5after\x0b\xa8narrator\x81\xa5after\x0b\xa5usage\x84"
    b"\xa6tokens\xce\x00\t\"\x90\xa5calls\x0b\xa8cost_usd\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa8unpriced\x0b"
    b"\xb2branch:to:narrator\xc0\xb0channel_versions\x8c\xa9__start__\xad+0000002.2886\xa4turn\xad+0000012.3456"
    b"\xafbranch:to:begin\xad+0000003.7018\xa5clock\xad+0000012.3456\xa4next\xad+0000012.3456\xa5phase"
    b"\xad+0000003.7018\xa9variables\xad+0000003.7018\xabbranch:to:a\xad+0000012.3456\xa5usage\xad+0000012.3456"
    b"\xa8messages\xad+0000012.3456\xb2branch:to:narrator\xad+0000012.3456\xa6memory\xad+0000012.3456"
    b"\xadversions_seen\x85\xa9__input__\x80\xa9__start__\x81\xa9__start__\xad+0000001.9642\xa5begin\x81"
    b"\xafbranch:to:begin\xad+0000002.2886\xa1a\x81\xabbranch:to:a\xad+0000012.3456\xa8narrator\x81"
    b"\xb2branch:to:narrator\xad+0000012.3456\xb0updated_channels\x96\xb2branch:to:narrator\xa5clock"
    b"\xa8messages\xa4next\xa4turn\xa5usage"
)
"""A line and a checkpoint as MessagePack writes them."""

_DICTIONARIES: Mapping[str, bytes] = {"zlib1:": _NAMES, MARK: _NAMES + _CHECKPOINT}


def packed(kind: str, content: bytes) -> tuple[str, bytes]:
    """The stored type and content of a value, packed."""
    packer = zlib.compressobj(level=9, wbits=-15, zdict=_DICTIONARIES[MARK])
    return MARK + kind, packer.compress(content) + packer.flush()


class PackedReader(JsonPlusSerializer):
    """LangGraph's serializer, which reads what is packed too; it packs nothing by itself."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        kind, content = data
        names = _DICTIONARIES.get(kind[:len(MARK)])
        if names is None:
            return super().loads_typed(data)
        return super().loads_typed((kind[len(MARK):], _unpacked(content, names)))


def _unpacked(content: bytes, names: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=-15, zdict=names)
    return unpacker.decompress(content) + unpacker.flush()
