"""A chat completion, read from whatever an endpoint answered.

Endpoints differ, and some answer nonsense. What the reply needs (a choice with a text) is checked; metadata of an odd
shape is ignored, so that no number or name that an endpoint makes up can end a run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from pyscrai.llm.openai.reply_text import LONGEST_REPLY
from pyscrai.plain_text import DEEPEST, storable_json

MOST_BYTES = 16_000_000
"""Bytes of an answer, unpacked."""
MOST_RECORDED = 256_000
"""Bytes of an answer that is recorded as it came; of a larger one the record keeps what matters."""
MOST_TOKENS = 2**31 - 1
"""The largest count of tokens that is believed, and that the database holds."""

_ECHOES = ("prompt", "__verbose", "prompt_token_ids", "prompt_logprobs")
"""Fields in which some servers give the prompt back; the record holds it already."""

_FINISHES = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "end"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "max_length"), "length"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content",
                     "spii", "refusal", "sensitive"), "content_filter"),
    **dict.fromkeys(("tool_calls", "function_call", "tool_use"), "tool_calls"),
}


class Malformed(ValueError):
    """An answer that holds no completion; the message says what is wrong with it."""


class Counts(NamedTuple):
    """An endpoint's token counts; None where it gives none, or an impossible one."""

    prompt: int | None = None
    cached: int = 0
    completion: int | None = None
    reasoning: int = 0
    billed: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether the call can be priced from it."""
        return self.prompt is not None and self.completion is not None


class Completion(NamedTuple):
    """One completion: ``text`` is the reply alone, ``thought`` whether there was reasoning, ``raw`` for the record."""

    text: str
    finish_reason: str
    thought: bool
    counts: Counts
    model: str | None
    raw: Mapping[str, Any]


class Said(NamedTuple):
    """The contents of a message or a delta."""

    text: str = ""
    reasoning: str = ""
    refused: bool = False


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        Malformed: it is none, or it is nested too deep.
    """
    return parsed_whole(body)[0]


def parsed_whole(body: bytes) -> tuple[dict[str, Any], bool]:
    """The JSON object in a body, and whether all of it is known to be storable as it is.

    Raises: as ``parsed``.
    """
    try:
        data = orjson.loads(body)
        is_storable = b"\\u0000" not in body and body.count(b"{") + body.count(b"[") <= DEEPEST
    except orjson.JSONDecodeError:
        data, is_storable = _parsed_leniently(body), False
    if not isinstance(data, dict):
        raise Malformed("the answer is no JSON object")
    return data, is_storable


def _parsed_leniently(body: bytes) -> Any:
    """Parse what orjson refuses and endpoints send: halves of characters, huge numbers, NaN, a byte order mark."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def first_choice(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one choice of a whole completion."""
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise Malformed("the answer has no choices")
    if not isinstance(choices[0], dict):
        raise Malformed("the answer's choice is no object")
    return choices[0]


def chunk_choice(chunk: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The choice of a chunk; None where it only counts tokens."""
    choices = chunk.get("choices")
    return None if choices is None or choices == [] else first_choice(chunk)


def said(message: Any) -> Said:
    """Read a choice's ``message`` or ``delta``.

    Raises:
        Malformed: it is no object, or its content is no text.
    """
    if message is None:
        return Said()
    if not isinstance(message, dict):
        raise Malformed("the answer's message is no object")
    text, reasoning = _content(message.get("content"))
    for name in ("reasoning_content", "reasoning", "thinking"):
        if isinstance(found := message.get(name), str) and found:
            reasoning += found
            break
    return Said(text, reasoning, refused=bool(message.get("refusal")) and isinstance(message["refusal"], str))


def _content(content: Any) -> tuple[str, str]:
    """The text and the reasoning in a content: a text, nothing, or a list of parts, of which the texts are joined."""
    if content is None:
        return "", ""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        raise Malformed("the answer's content is no text")
    texts, thoughts, known = [], [], not content
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and (kind in ("thinking", "reasoning") or "thinking" in part):
            inner = part.get("thinking", part.get("text"))
            thoughts += [inner] if isinstance(inner, str) else [
                each["text"] for each in inner if isinstance(each, dict) and isinstance(each.get("text"), str)
            ] if isinstance(inner, list) else []
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif not isinstance(part, dict) or not isinstance(kind, str):
            continue
        known = True
    if not known:
        raise Malformed("the answer's content holds no text")
    return "".join(texts), "".join(thoughts)


def finish_reason(value: Any) -> str | None:
    """The reason why the model stopped, in one spelling; None where the endpoint gives none."""
    if not isinstance(value, str) or not value.strip():
        return None
    plain = value.strip().lower()
    return _FINISHES.get(plain, plain[:40])


def usage_in(chunk: Mapping[str, Any]) -> Any:
    """The usage of a chunk, which Groq puts into a field of its own."""
    own = chunk.get("x_groq")
    return chunk.get("usage") or (own.get("usage") if isinstance(own, dict) else None)


def counts(usage: Any) -> Counts:
    """The counts in an answer's ``usage``, whatever it is."""
    if not isinstance(usage, dict):
        return Counts()
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    cached = _count(_within(usage, "prompt_tokens_details", "cached_tokens"))
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))
    reasoning = _count(_within(usage, "completion_tokens_details", "reasoning_tokens"))
    return Counts(prompt, min(cached or 0, prompt or 0), completion, min(reasoning or 0, completion or 0),
                  _money(usage.get("cost")))


def _within(usage: Mapping[str, Any], name: str, inner: str) -> Any:
    details = usage.get(name)
    return details.get(inner) if isinstance(details, dict) else None


def _count(value: Any) -> int | None:
    if type(value) is int and 0 <= value <= MOST_TOKENS:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return None  # NaN is not in the range either
    return int(value)


def _money(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        return None
    return float(value)


def model_name(data: Mapping[str, Any]) -> str | None:
    """The model that an answer names."""
    name = data.get("model")
    return name[:200] if isinstance(name, str) and name else None


def recorded(data: dict[str, Any], size: int, *, is_storable: bool = False) -> dict[str, Any]:
    """An answer as the record keeps it: as it came, or what matters of it where it is large.

    Raises:
        Malformed: it is nested too deep.
    """
    kept = {name: value for name, value in data.items() if name not in _ECHOES}
    try:
        if size > MOST_RECORDED:
            kept = _slim(kept)
        elif is_storable:
            return kept
        clean: dict[str, Any] = storable_json(kept)
    except ValueError as error:
        raise Malformed(f"the answer is {error}") from None
    return clean


def _slim(data: Mapping[str, Any]) -> dict[str, Any]:
    choice = first_choice(data)
    words = said(choice.get("message"))
    message = {"role": "assistant", "content": words.text[:LONGEST_REPLY]}
    if words.reasoning:
        message["reasoning_content"] = words.reasoning[:LONGEST_REPLY]
    numbers = counts(data.get("usage"))
    return {
        "model": model_name(data), "truncated": True,
        "usage": {"prompt_tokens": numbers.prompt, "completion_tokens": numbers.completion},
        "choices": [{"index": 0, "finish_reason": finish_reason(choice.get("finish_reason")), "message": message}],
    }


def is_error(value: Any) -> bool:
    """Whether an answer's ``error`` field reports one."""
    return bool(value) and not (isinstance(value, float) and math.isnan(value))
