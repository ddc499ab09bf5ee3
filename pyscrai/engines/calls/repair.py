"""Changes of a request for another try: for a model that takes no prefill, and after an unusable reply."""

from __future__ import annotations

from dataclasses import replace

from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest
from pyscrai.errors import ReplyError


def as_taken_by(model: ChatModel, request: ModelRequest) -> ModelRequest:
    """The request as this model takes it: a prefill only where a model goes on from it."""
    return request if model.prefill else without_prefill(request)


def without_prefill(request: ModelRequest) -> ModelRequest:
    """The request without a prefill; what stood in it before the words to go on from is put to the model instead."""
    *front, last = request.messages
    if last.role != "assistant":
        return request
    *before, user = front
    return replace(request, messages=(*before, replace(user, parts=(*user.parts, *last.parts[:-1]))))


def repair(request: ModelRequest, reply: ModelReply, error: ReplyError) -> ModelRequest:
    """The request with the unusable reply and what is wrong with it; an empty one is asked for again."""
    seed = None if request.seed is None else request.seed + 1
    if not reply.text.strip():
        return replace(request, seed=seed)
    asked = without_prefill(request)
    return replace(asked, messages=(*asked.messages, Message("assistant", (reply.text,)), Message(
        "user", (f"That reply cannot be used: {error.message}. Answer again, with nothing but the corrected reply.",))))

