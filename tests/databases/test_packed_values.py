"""Packed checkpoints are read, those too that an earlier version packed."""

from __future__ import annotations

import zlib

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from pyscrai.databases.packed_values import MARK, PackedReader, packed

VALUE = {"channel_values": {"turn": 3, "clock": {"phase_turns": 3, "last": "ann"}}, "updated_channels": ["clock"]}
ZLIB1 = bytes.fromhex("6b5a876a6cd312902399978283bb69355278332f0185f162a0e20de8396422443900")


def test_what_is_packed_is_read_as_it_was() -> None:
    kind, content = JsonPlusSerializer().dumps_typed(VALUE)
    mark, small = packed(kind, content)
    assert mark == MARK + kind
    assert len(small) < len(content) / 2
    assert PackedReader().loads_typed((mark, small)) == VALUE
    assert PackedReader().loads_typed((kind, content)) == VALUE


def test_what_an_earlier_version_packed_is_read() -> None:
    assert PackedReader().loads_typed(("zlib1:msgpack", ZLIB1)) == VALUE


def test_another_dictionary_does_not_do() -> None:
    with pytest.raises((zlib.error, ValueError, AssertionError)):
        assert PackedReader().loads_typed((f"{MARK}msgpack", ZLIB1)) == VALUE
