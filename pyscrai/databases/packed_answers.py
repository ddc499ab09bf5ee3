"""An endpoint's own answer, packed: most of it is the reply, which stands beside it, and names that seldom change."""

from __future__ import annotations

import zlib

import orjson

VERSION = b"\x01"
"""In front of what is packed. Other names need another version: what was packed must stay readable."""

_NAMES = (
    b'"native_finish_reason":"stop","reasoning_content":"","reasoning":"","reasoning_details":[{"format":"unknown",'
    b'"index":0,"type":"reasoning.text","text":""}],"provider":"","tool_calls":[{"id":"call_","type":"function",'
    b'"function":{"name":"","arguments":"{}"}}],"annotations":[],"service_tier":"default","length","timings":{'
    b'"prompt_n":,"prompt_ms":,"predicted_n":,"predicted_ms":},"cost":0,"cost_details":{"upstream_inference_cost":null,'
    b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,'
    b'"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"first_try":{'
    b'{"id":"chatcmpl-","object":"chat.completion","created":17"model":"","system_fingerprint":"fp_","usage":{'
    b'"prompt_tokens":,"completion_tokens":,"total_tokens":},"choices":[{"index":0,"finish_reason":"stop",'
    b'"logprobs":null,"message":{"role":"assistant","content":"","refusal":null}}]}')


def packed_answer(answer: str, reply: str) -> bytes:
    """An answer in JSON, packed over the reply."""
    names, content = _names(reply), answer.encode()
    # A window for all of it and no larger: to clear the room of the largest one takes longer than all the rest.
    bits = min(15, max(12, (len(names) + len(content)).bit_length()))
    packer = zlib.compressobj(level=6, wbits=bits, memLevel=bits - 7, zdict=names)
    return VERSION + packer.compress(content) + packer.flush()


def unpacked_answer(packed: bytes, reply: str) -> str | None:
    """The answer, or None where it was not packed over this reply, or is damaged."""
    unpacker = zlib.decompressobj(zdict=_names(reply))
    try:
        if not packed.startswith(VERSION):
            return None
        answer = unpacker.decompress(packed[len(VERSION):]) + unpacker.flush()
        return answer.decode() if unpacker.eof else None
    except (zlib.error, UnicodeDecodeError):
        return None


def _names(reply: str) -> bytes:
    # The reply as it stands in JSON, without its quotes.
    return orjson.dumps(reply)[1:-1] + _NAMES
