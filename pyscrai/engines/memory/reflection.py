"""Reflection: now and then a role draws conclusions from what it has heard and remembers."""

from __future__ import annotations

from pyscrai.engines.agents.engine import Ask, Engine
from pyscrai.engines.calls.json_reply import LONGEST, parse
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError
from pyscrai.templates.models.agent import ReflectionSettings

LONGEST_INSIGHT = 300
"""Characters of an insight; the rest is cut."""


async def reflect(engine: Engine, view: View, ask: Ask, settings: ReflectionSettings) -> tuple[str, ...]:
    """Ask the role to conclude; nothing if its model gives nothing that can be used, which is no reason to fail a turn.

    Raises:
        ModelError: no model answered.
    """
    schema = {"type": "object", "additionalProperties": False, "required": ["insights"], "properties": {
        "insights": {"type": "array", "items": {"type": "string", LONGEST: LONGEST_INSIGHT}, "minItems": 1,
                     "maxItems": settings.insights}}}
    messages, prompts = engine.messages("reflect", view, insights=settings.insights)

    def read(reply: ModelReply) -> tuple[str, ...]:
        insights = (" ".join(text.split())[:LONGEST_INSIGHT] for text in parse(reply.text, schema)["insights"])
        return tuple(dict.fromkeys(text for text in insights if text))

    try:
        return await ask(engine.request(messages, schema=schema), purpose="reflection", read=read, prompts=prompts,
                         optional=True)
    except ReplyError:
        return ()
