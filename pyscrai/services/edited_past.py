"""A past in which one message says something else, with all that was derived from its old words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Line
from pyscrai.errors import NotFound, RunError
from pyscrai.factories.services import Services
from pyscrai.services.remade_memories import remake
from pyscrai.services.retaken_looks import retake

IN_WORDS = ("utterance", "inject", "phase_entered")
"""Kinds of event whose line is the event's own text."""


async def edit_past(services: Services, run_id: str, plan: Plan, values: Mapping[str, Any], message: tuple[str, str],
                    upto: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state with which a fork begins in which a message is changed, and what the fork's record says of it.

    Args:
        run_id: whose log has the past.
        values: the state without that change.
        message: the key of its event, and the new words.
        upto: the last turn that the fork shares.

    Raises:
        NotFound: no line of that state has the key.
        RunError: the line is no text, or the new words are none.
    """
    key, text = message
    line = _line(values, key)
    if not text.strip():
        raise RunError("a message cannot be changed to no words at all", code="run.not_words", key=key,
                       cure="fork before its turn to play on without it")
    lines = tuple({**each, "content": text} if each["id"] == key else each for each in values["messages"])
    memories = values.get("memory") or {}
    async with services.database.read() as session:
        remade = await remake(session, run_id, plan, memories, line, upto)
    retaken = await retake(services, run_id, plan, values, line, text, upto)
    said: dict[str, Any] = {"key": key, "text": text}
    derived = {**({"remade": list(remade)} if remade else {}), **retaken.said}
    if derived:
        said.update(turn=line["turn"], **derived)
    return {**values, "messages": lines, "memory": {**memories, **remade}, **retaken.channels}, said


def _line(values: Mapping[str, Any], key: str) -> Line:
    found: Line | None = next((line for line in values.get("messages") or () if line["id"] == key), None)
    if found is None:
        raise NotFound(f"no line with the key {key!r} is in the memory of that turn",
                       cure="name the key of something said or injected not long before the turn", key=key)
    if found["kind"] not in IN_WORDS:
        raise RunError(f"{key!r} is no message but an event of the kind {found['kind']}", code="run.not_words", key=key,
                       cure="change what was said or injected; another move is played by a fork before its turn")
    return found
