"""From events back to the lines in which they are heard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Line
from pyscrai.events import Action, Event, Inject, PhaseEntered, ToolCalled, Utterance


def lines_of(events: Iterable[Event], plan: Plan) -> Iterator[Line]:
    """The lines that prompts show for these events, as they stand in the state; most kinds are heard by nobody."""
    for event in events:
        told = _told(event, plan)
        if told is not None:
            kind, name, content = told
            audience = event.audience if event.audience == "all" else list(event.audience)
            speaker = event.source if kind == "ai" else None
            yield Line(id=event.key, type=kind, kind=event.kind, speaker=speaker, name=name, content=content,
                       turn=event.turn, audience=audience)


def _told(event: Event, plan: Plan) -> tuple[Any, str, str] | None:
    match event:
        case Utterance():
            return "ai", event.name, event.text
        case Action():
            return "ai", _name(event, plan), action_text(event.action, event.arguments)
        case ToolCalled():
            return "ai", "", tool_text(_name(event, plan), event.tool, event.text, event.error)
        case Inject():
            return "human", "" if event.source == event.origin else event.source or "", event.text
        case PhaseEntered() if event.text:
            return "human", "", event.text
    return None


def action_text(action: str, arguments: dict[str, Any]) -> str:
    """A typed move as prompts show it."""
    shown = "; ".join(f"{key} = {value}" for key, value in arguments.items())
    return f"({action.replace('_', ' ')}) {shown}"


def tool_text(name: str, tool: str, text: str, error: str | None) -> str:
    """The use of a tool as prompts show it."""
    return f"{name} uses {tool.replace('_', ' ')}: {text if error is None else f'failed: {error}'}"


def _name(event: Event, plan: Plan) -> str:
    member = plan.cast.get(event.source or "")
    return member.name if member else ""
