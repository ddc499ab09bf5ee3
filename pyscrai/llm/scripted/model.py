"""A scripted model: a shipped double for tests and offline dry runs. It is no language model and says so.

Every reply carries the model name ``scripted``. With no script it answers from the request alone, so the same request
(and seed) always gives the same reply.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import Layout, ModelReply, ModelRequest, Usage
from pyscrai.errors import ModelError
from pyscrai.llm.scripted.schema_sample import instance

MODEL_NAME = "scripted"

Scripted = str | Mapping[str, Any] | ModelReply | ModelError
"""One scripted answer: a text, a JSON object, a whole reply, or an error to raise."""

Script = Iterable[Scripted] | Callable[[ModelRequest], Scripted | None]
"""Answers in order, or a function of the request; None or the end of the list falls back to the default reply."""

_OPENERS = (
    "I see it this way:", "Let us be plain:", "Before we go on,", "To be honest,", "Here is my view:", "All right,",
    "If you ask me,", "As things stand,",
)
_BODIES = (
    "we should look at the facts before we decide", "the first step matters more than the last",
    "nobody here can carry this alone", "I would rather wait than be wrong", "that offer is closer to what I need",
    "we have less time than we think", "someone has to say what the others only think",
    "I can live with that if the terms are clear", "the numbers do not add up yet", "we owe them a clear answer",
)
_CLOSERS = (
    "What do you say?", "That is all I ask.", "I will hold to it.", "Tell me where I am wrong.",
    "Then we can move on.", "I am listening.", "Let us settle this today.",
)


class ScriptedModel:
    """A ``ChatModel`` that never calls anything.

    Args:
        script: answers in order or a function; see ``Script``. Errors are raised as they are.
        delay: seconds that each answer takes.
    """

    scripted = True
    concurrency: int | None = None

    def __init__(self, script: Script | None = None, *, alias: str = "scripted", layout: Layout = "instruct",
                 context_tokens: int | None = None, prefill: bool = False, delay: float = 0.0) -> None:
        self.alias = alias
        self.layout: Layout = layout
        self.context_tokens = context_tokens
        self.prefill = prefill
        self.requests: list[ModelRequest] = []
        """Every request so far, failed ones included."""
        self._function = script if callable(script) else None
        self._answers = iter(() if script is None or callable(script) else script)
        self._delay = delay

    @classmethod
    def from_alias(cls, alias: ModelAlias) -> ScriptedModel:
        """The scripted model as an alias's settings describe it."""
        return cls(alias=alias.name or MODEL_NAME, layout=alias.layout, context_tokens=alias.context_tokens,
                   prefill=alias.prefill)

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        self.requests.append(request)
        if self._delay:
            await asyncio.sleep(self._delay)
        answer = self._function(request) if self._function else next(self._answers, None)
        if isinstance(answer, ModelError):
            raise answer
        if isinstance(answer, ModelReply):
            text = answer.text
            reply = answer
        else:
            if answer is None:
                answer = default_text(request)
            text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
            reply = self._reply(request, text)
        if on_token is not None:
            for piece in _pieces(text):
                on_token(piece)
        return reply

    def _reply(self, request: ModelRequest, text: str) -> ModelReply:
        text, finish = _stopped(text, request.stop), "stop"
        words = text.split(" ")
        if request.max_tokens is not None and request.schema is None and len(words) > request.max_tokens:
            text, finish = " ".join(words[:request.max_tokens]), "length"
        prompt = sum(len(part) for message in request.messages for part in message.parts) // 4
        usage = Usage(prompt_tokens=prompt, completion_tokens=len(text.split(" ")), cost_usd=0.0)
        raw = {
            "model": MODEL_NAME, "choices": [{"index": 0, "finish_reason": finish,
                                              "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens},
        }
        return ModelReply(text=text, finish_reason=finish, usage=usage, model=MODEL_NAME,
                          latency_ms=self._delay * 1000, raw=raw)


def default_text(request: ModelRequest) -> str:
    """The scripted model's own answer: a line of talk, or JSON that satisfies the request's schema."""
    digest = hashlib.sha256(repr(request.seed).encode())
    for message in request.messages:
        digest.update(message.role.encode())
        for part in message.parts:
            digest.update(part.encode())
    chance = random.Random(digest.digest())
    if request.schema is not None:
        return json.dumps(instance(request.schema, chance=chance, line=_line), ensure_ascii=False)
    return _line(chance)


def _line(chance: random.Random) -> str:
    opener, body, closer = chance.choice(_OPENERS), chance.choice(_BODIES), chance.choice(_CLOSERS)
    return f"{opener} {body}. {closer}"


def _stopped(text: str, stop: Iterable[str]) -> str:
    cuts = [place for word in stop if word and (place := text.find(word)) >= 0]
    return text[:min(cuts)] if cuts else text


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:] if text else []
