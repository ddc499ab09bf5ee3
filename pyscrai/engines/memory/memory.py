"""Memory of the conversation: a recent window, a running summary of what left it, and memories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyscrai.engines.agents.engine import Ask, Engine
from pyscrai.engines.line import transcript_line
from pyscrai.engines.memory.memory_pool import Held
from pyscrai.engines.memory.recall import Recall, of_insights, of_lines
from pyscrai.engines.memory.reflection import reflect
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.state import Line
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError
from pyscrai.events import Event, MemorySummarized, Reflection

FOLDED = 40
"""Lines that are folded into a summary at once, so that the prompt fits a small model."""

ASKED = 4
"""The number of last lines that a role's memories are searched for."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The mind of a role at its turn.

    ``memory`` is its new entry in the state, None if it has not changed; ``drafts`` are events.
    """

    view: View
    memory: dict[str, Any] | None = None
    drafts: list[tuple[type[Event], dict[str, Any]]] = field(default_factory=list)


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


async def refresh(engine: Engine, view: View, ask: Ask, memory: Mapping[str, Any], recall: Recall, *,
                  thinks: bool = False) -> Remembered:
    """Bring a role's mind up to date for its turn.

    Old lines leave the window, folded into the summary and kept as memories where the agent has them; now and then
    the role reflects; and memories that matter now come back.

    Args:
        memory: the role's entry in the state.
        thinks: this is a turn of the role's own, which counts for its reflection.

    Raises:
        ModelError: no model answered.
        ReplyError: no summary could be had.
    """
    settings = engine.instance.memory
    changed = dict(memory)
    drafts: list[tuple[type[Event], dict[str, Any]]] = []
    view = await _complete(engine, view, memory.get("after", -1), recall)
    leaving, staying = split(view.lines, settings.window, settings.block)
    if leaving:
        changed["after"] = leaving[-1]["turn"]
        if settings.summary:
            for start in range(0, len(leaving), FOLDED):
                folded = replace(view, summary=changed.get("summary", ""))
                changed["summary"] = await _summarize(engine, folded, leaving[start:start + FOLDED], ask)
            drafts.append((MemorySummarized, {
                "source": engine.role, "audience": (engine.role,), "summary": changed["summary"],
                "upto_turn": changed["after"],
                "lines": [line["id"] for line in leaving]}))
        if settings.retrieval is not None:
            changed["kept"] = changed.get("kept", 0) + len(leaving)
            await recall.keep(engine.role, of_lines(engine.role, leaving))
    summary = changed.get("summary", "")
    if leaving or summary != view.summary:
        view = replace(view, lines=staying, summary=summary)
    if recalled := await _recalled(engine, view, changed, recall):
        view = replace(view, recalled=recalled)
    if settings.reflection is not None and thinks:
        changed["turns"] = changed.get("turns", 0) + 1
        if changed["turns"] % settings.reflection.every == 0 and (
                insights := await reflect(engine, view, ask, settings.reflection)):
            changed.update(insights=list(insights), reflected=view.turn)
            await recall.keep(engine.role, of_insights(engine.role, view.turn, insights))
            drafts.append((Reflection, {"source": engine.role, "audience": (engine.role,), "insights": list(insights),
                                        "lines": [line["id"] for line in view.lines]}))
            view = replace(view, recalled=await _recalled(engine, view, changed, recall))
    return Remembered(view, changed if changed != memory else None, drafts)


async def _complete(engine: Engine, view: View, after: int, recall: Recall) -> View:
    """The view with lines that left the state before the role could fold or remember them.

    A role that hears or acts seldom has not come round to them; what its agent forgets anyway is not fetched.
    """
    settings = engine.instance.memory
    if settings.window is None or view.gone <= after or not (
            settings.summary or settings.retrieval or len(view.lines) < settings.window):
        return view
    earlier = await recall.heard(engine.role, engine.plan, after=after, upto=view.gone)
    there = {line["id"] for line in view.lines}
    return replace(view, lines=(*(line for line in earlier if line["id"] not in there), *view.lines))


async def _summarize(engine: Engine, view: View, leaving: tuple[Line, ...], ask: Ask) -> str:
    most = engine.instance.memory.summary_words
    messages, prompts = engine.messages("summarize", view, lines=leaving, words=most)

    def read(reply: ModelReply) -> str:
        text = " ".join(reply.text.split())
        if not text:
            raise ReplyError("the summary is empty")
        return " ".join(text.split(" ")[:most * 2])

    return await ask(engine.request(messages, max_tokens=most * 2), purpose="summary", read=read, prompts=prompts)


async def _recalled(engine: Engine, view: View, memory: Mapping[str, Any], recall: Recall) -> tuple[str, ...]:
    """The role's last insights, and the memories that matter most for what was said last."""
    insights = tuple(memory.get("insights") or ())
    weights = engine.instance.memory.retrieval
    if weights is None:
        return insights
    query = " ".join((view.task, *(line["content"] for line in view.lines[-ASKED:])))
    state = Held(memory.get("after", -1), memory.get("kept", 0), memory.get("reflected", -1))
    present = {*insights, *(transcript_line(line).strip() for line in view.lines)}
    found = await recall.bring(engine.role, query, turn=view.turn, weights=weights, state=state, plan=engine.plan,
                               present=present)
    return (*insights, *(memory.text for memory in found))
