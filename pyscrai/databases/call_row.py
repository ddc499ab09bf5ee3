"""How a model call is taken apart for storage, its texts stored once, and put together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson

from pyscrai.databases.columns import from_json, to_json
from pyscrai.databases.packed_answers import packed_answer, unpacked_answer
from pyscrai.engines.ports.model import Message, ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import Attempt, CallKey, CallRecord
from pyscrai.plain_text import storable

SCALARS = ("temperature", "top_p", "max_tokens", "stop", "schema")
"""What of a request goes into its stored parameters; the seed differs from call to call and has its own column."""


class CallEntry(NamedTuple):
    """A call ready to be written, but for the ids of its texts and the type of its time."""

    place: tuple[int, str, str, int]
    about: tuple[str, str, str | None]
    parameters: str
    seed: int | None
    messages: tuple[Message, ...]
    prompts: str
    result: tuple[Any, ...]
    made: datetime
    question: bytes | None
    answer: tuple[bytes | None, str | None]

    def texts(self) -> Iterable[str]:
        """All that is stored once: the parameters, the prompts' hashes, every part of every message."""
        return chain((self.parameters, self.prompts), *[message.parts for message in self.messages])

    def row(self, run_id: str, ids: Mapping[str, int], made: Any) -> tuple[Any, ...]:
        """The values of ``llm_calls`` in the order of its columns, without its id."""
        return (run_id, *self.place, *self.about, ids[self.parameters], self.seed, pack(self.messages, ids),
                ids[self.prompts], *self.result, made, self.question, *self.answer)


def entry(call: CallRecord, made: datetime) -> CallEntry:
    """Take a call apart."""
    key, request, reply = call.key, call.request, call.reply
    parameters = {name: value for name in SCALARS if (value := getattr(request, name)) not in (None, ())}
    result: tuple[Any, ...] = (None,) * 8
    answer: tuple[bytes | None, str | None] = (None, None)
    if reply is not None:
        usage = reply.usage
        text = storable(reply.text)
        if reply.raw:
            answer = packed_answer(to_json(reply.raw), text), fingerprint_of(reply.raw)
        result = (text, storable(reply.finish_reason), None, usage.prompt_tokens, usage.cached_tokens,
                  usage.completion_tokens, usage.cost_usd, round(reply.latency_ms, 3))
    return CallEntry(
        (key.turn, storable(key.role), storable(key.task), key.ordinal),
        (storable(call.purpose), storable(call.alias), storable(reply.model) if reply else None),
        to_json(parameters), request.seed, request.messages, to_json(dict(call.prompts)),
        (*result, to_json([asdict(attempt) for attempt in call.attempts]) if call.attempts else None,
         to_json(dict(call.error)) if call.error else None),
        made, call.question, answer)


def fingerprint_of(raw: Mapping[str, Any]) -> str | None:
    """The fingerprint of the model that an endpoint's answer names."""
    found = raw.get("system_fingerprint")
    return storable(found) if isinstance(found, str) else None


def pack(messages: tuple[Message, ...], ids: Mapping[str, int]) -> str:
    """Messages as ``[[role, step, step, ...], ...]`` in JSON: each part's id less the id of the part before it.

    Lines that were said one after the other have steps alike: four or more of them are written as ``[step, times]``.
    """
    before = 0
    packed = []
    for message in messages:
        written = [f'["{message.role}"']
        step = times = 0
        for part in message.parts:
            number = ids[part]
            if number - before == step:
                times += 1
            else:
                written += _steps(step, times)
                step, times = number - before, 1
            before = number
        written += _steps(step, times)
        packed.append(",".join(written) + "]")
    return f"[{','.join(packed)}]"


def _steps(step: int, times: int) -> list[str]:
    return [f"[{step},{times}]"] if times > 3 else [str(step)] * times


def part_ids(packed: list[list[Any]]) -> list[tuple[Any, list[int]]]:
    """The role and the parts' ids of each message of a stored call."""
    number = 0
    messages = []
    for role, *steps in packed:
        ids = []
        for item in steps:
            step, times = item if isinstance(item, list) else (item, 1)
            for _ in range(times):
                number += step
                ids.append(number)
        messages.append((role, ids))
    return messages


def restore(row: Mapping[str, Any], texts: Mapping[int, str]) -> CallRecord:
    """Put a call together from its row and its texts."""
    parameters: dict[str, Any] = orjson.loads(texts[row["parameters"]])
    parameters["stop"] = tuple(parameters.get("stop", ()))
    messages = tuple(Message(role, tuple(texts[number] for number in ids)) for role, ids in part_ids(row["messages"]))
    reply = None
    if row["reply"] is not None:
        usage = Usage(row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"], row["cost_usd"])
        reply = ModelReply(row["reply"], row["finish_reason"], usage, row["model"], row["latency_ms"], _raw(row))
    return CallRecord(
        CallKey(row["turn"], row["role"], row["task"], row["ordinal"]), row["purpose"], row["alias"],
        ModelRequest(messages, seed=row["seed"], **parameters), reply,
        tuple(Attempt(**attempt) for attempt in row["attempts"] or ()), row["error"],
        orjson.loads(texts[row["prompts"]]), row["question"])


def _raw(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The endpoint's own answer; empty too where the reply that it was packed over is not the one there is now."""
    if (content := row["raw_packed"]) is None:
        return row["raw"] or {}
    answer = unpacked_answer(bytes(content), row["reply"])
    found: Mapping[str, Any] = {} if answer is None else from_json(answer)
    return found
