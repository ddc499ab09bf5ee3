"""The layout for large models: instructions, the transcript as one message, one JSON object for speech and moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyscrai.engines.layouts.layout import Brief, Critic, Prompt, Standards, Voice
from pyscrai.engines.ports.model import Layout as LayoutName
from pyscrai.engines.ports.model import Message
from pyscrai.errors import ReplyError
from pyscrai.margin import INDENT

BETWEEN = "\0"
"""A character that no entry has, so that nothing is found across two of them."""

MOST_STOPS = 4
"""Endpoints take no more texts to stop at."""


class InstructLayout:
    """A stable system prompt, then one message of summary, transcript and the turn's note."""

    name: LayoutName = "instruct"
    rationale = "one or two sentences"
    brief: Brief | None = None
    voice: Voice | None = None

    def asks(self, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        return schema

    def stop(self, others: Sequence[str], *, structured: bool) -> tuple[str, ...]:
        return () if structured else tuple(f"\n{name}:" for name in others[:MOST_STOPS])

    def messages(self, prompt: Prompt) -> tuple[Message, ...]:
        indented = INDENT in BETWEEN.join(prompt.entries)
        front = prompt.render("scene", {"indented": indented})
        user = Message("user", tuple(part for part in (front, *prompt.entries, prompt.note) if part))
        begun = (Message("assistant", (prompt.prefill,)),) if prompt.prefill and not prompt.structured else ()
        return (Message("system", (prompt.system,)), user, *begun)

    def critic(self, standards: Standards) -> Critic:
        return Lenient()


class Lenient:
    """Takes a speech as it is."""

    def trimmed(self, text: str) -> str:
        return text

    def unusable(self, error: ReplyError) -> ReplyError:
        return error

    def judged(self, text: str) -> str:
        return text
