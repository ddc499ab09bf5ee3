"""What an agent keeps of the conversation: a recent window, and a running summary of what left it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyscrai.engines.base import Ask, Engine
from pyscrai.engines.ports import ModelReply
from pyscrai.engines.state import Line
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError
from pyscrai.events import MemorySummarized


def split(lines: tuple[Line, ...], window: int | None, block: int) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Lines that leave the window, and lines that stay.

    Lines leave in whole blocks once the window is overfull by one, so that the front of the prompt stands still for
    ``block`` lines. A turn is never split.
    """
    if window is None or len(lines) < window + block:
        return (), lines
    leaving = (len(lines) - window) // block * block
    while leaving < len(lines) and leaving and lines[leaving]["turn"] == lines[leaving - 1]["turn"]:
        leaving -= 1
    return lines[:leaving], lines[leaving:]


async def refresh(engine: Engine, view: View, ask: Ask
                  ) -> tuple[View, dict[str, Any] | None, list[tuple[type[MemorySummarized], dict[str, Any]]]]:
    """Let old lines go from a view, folding them into the summary where the agent keeps one.

    Returns:
        The view to prompt with, the agent's new memory or None if it is unchanged, and drafts of events.
    """
    memory = engine.instance.memory
    leaving, staying = split(view.lines, memory.window, memory.block)
    if not leaving:
        return view, None, []
    after = leaving[-1]["turn"]
    if not memory.summary:
        return replace(view, lines=staying), {"after": after, "summary": view.summary}, []
    messages, prompts = engine.messages("summarize", view, lines=leaving, words=memory.summary_words)

    def read(reply: ModelReply) -> str:
        text = " ".join(reply.text.split())
        if not text:
            raise ReplyError("the summary is empty")
        return " ".join(text.split(" ")[:memory.summary_words * 2])

    summary = await ask(engine.request(messages, max_tokens=memory.summary_words * 2), purpose="summary", read=read,
                        prompts=prompts)
    draft = (MemorySummarized, {"source": engine.role, "audience": (engine.role,), "summary": summary,
                                "upto_turn": after})
    return replace(view, lines=staying, summary=summary), {"after": after, "summary": summary}, [draft]
