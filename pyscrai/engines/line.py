"""Lines: what of an event is heard, and how prompts show it.

In a transcript an entry begins at the left margin, and nothing else does: what a role, a person or a tool says is
indented from its second line on, so that nobody can write an entry for somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Line
from pyscrai.events import Action, Event, Inject, PhaseEntered, ToolCalled, ToolRefused, Utterance
from pyscrai.margin import inside_margin
from pyscrai.value_text import quoted_text


def lines_of(events: Iterable[Event], plan: Plan) -> Iterator[Line]:
    """The lines that prompts show for these events, as they stand in the state; most kinds are heard by nobody."""
    for event in events:
        told = _told(event, plan)
        if told is not None:
            kind, name, content = told
            audience = event.audience if event.audience == "all" else list(event.audience)
            speaker = event.source if kind == "ai" else None
            line = Line(id=event.key, type=kind, kind=event.kind, speaker=speaker, name=name, content=content,
                        turn=event.turn, audience=audience)
            if isinstance(event, Utterance) and event.played_by != "model":
                line["played_by"] = event.played_by
            yield line


def _told(event: Event, plan: Plan) -> tuple[Any, str, str] | None:
    match event:
        case Utterance():
            return "ai", event.name, event.text
        case Action():
            return "ai", _name(event, plan), action_text(event.action, event.arguments)
        case ToolCalled():
            return "ai", "", tool_text(_name(event, plan), event.tool, event.text, event.error)
        case ToolRefused():
            return "ai", "", refusal_text(_name(event, plan), event.tool, event.reason)
        case Inject():
            return "human", "" if event.source == event.origin else event.source or "", event.text
        case PhaseEntered() if event.text:
            return "human", "", event.text
    return None


def transcript_line(line: Line) -> str:
    """One entry of the transcript as prompts show it, with its line break."""
    kind = line["kind"]
    return _entry(kind, line.get("name", ""), line["content"], kind == "utterance" and line["audience"] != "all")


@lru_cache(maxsize=8_192)
def _entry(kind: str, name: str, content: str, privately: bool) -> str:
    """An entry, made once: a line stands in the prompts of every role for as long as a window, or the whole play."""
    content = inside_margin(content)
    if not name.isprintable():
        name = " ".join(name.split())
    if privately:
        return f"{name} (privately): {content}\n"
    if kind == "action":
        return f"[{name} {content}]\n"  # no speech, or a small model takes to speaking like that
    if name:
        return f"{name}: {content}\n"
    return f"[{content}]\n"


def action_text(action: str, arguments: dict[str, Any]) -> str:
    """A typed move as prompts show it: its arguments side by side, a text that is not plain as JSON."""
    shown = "; ".join(f"{key} = {quoted_text(value)}" for key, value in arguments.items())
    return f"({action.replace('_', ' ')}) {shown}"


def tool_text(name: str, tool: str, text: str, error: str | None) -> str:
    """The use of a tool as prompts show it."""
    return f"{name} uses {tool.replace('_', ' ')}: {text if error is None else f'failed: {error}'}"


def refusal_text(name: str, tool: str, reason: str) -> str:
    """The refused use of a tool as prompts show it."""
    return f"{name} may not use {tool.replace('_', ' ')}{f': {reason}' if reason else ''}"


def _name(event: Event, plan: Plan) -> str:
    member = plan.cast.get(event.source or "")
    return member.name if member else ""
