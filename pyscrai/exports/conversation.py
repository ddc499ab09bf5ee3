"""A run as one conversation for each role that spoke, as chat models are trained and shown: what the role heard is the
user's part, what it said and did is the assistant's.

A role's conversation holds what that role knew and nothing else: its own secret, and of all events those it heard.
Machinery, changes of variables and what Analysts found are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.json_text import dumps
from pyscrai.exports.transcript_entry import Line, clean, heard_by, pairs, titled
from pyscrai.margin import inside_margin

OWN = ("utterance", "action")
"""Kinds of event that make a role one with a conversation."""

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one role went through: ``messages`` begin with the system's and end with the role's own last one."""

    role: str
    name: str
    messages: Sequence[Message] = field(default_factory=list)


def render_chat(dossier: Dossier) -> Iterator[str]:
    """A JSON object with ``messages`` a line, for each role that spoke; nothing else stands in it, as trainers want."""
    for conversation in conversations(dossier):
        yield dumps({"messages": conversation.messages}) + "\n"


def conversations(dossier: Dossier) -> Iterator[Conversation]:
    """The conversations of a run, in the order of its cast."""
    spoke = {line["source"] for line in dossier.events if line["kind"] in OWN}
    names = {member["role"]: clean(member["name"]) for member in dossier.cast}
    for member in dossier.cast:
        if (role := member["role"]) in spoke:
            messages = _Messages()
            others = [names[other["role"]] for other in dossier.cast
                      if other["role"] != role and other.get("engine") != "analyst"]
            messages.add("system", _system(member, others))
            for line in heard_by(dossier.events, role):
                own = line.get("source") == role and line["kind"] in OWN
                if told := _told(line, names, own=own):
                    messages.add("assistant" if own else "user", told)
            if found := messages.ending_with("assistant"):
                yield Conversation(role, names[role], found)


class _Messages:
    """Messages in the making: what follows in the same part goes into the same message."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, list[str]]] = []

    def add(self, part: Literal["system", "user", "assistant"], text: str) -> None:
        if not self._messages or self._messages[-1][0] != part:
            self._messages.append((part, []))
        self._messages[-1][1].append(text)

    def ending_with(self, part: str) -> list[Message]:
        """The messages up to the last of a part; none where there is none."""
        last = max((index for index, (name, _) in enumerate(self._messages) if name == part), default=-1)
        return [{"role": name, "content": "\n".join(texts)} for name, texts in self._messages[:last + 1]]


def _told(line: Line, names: Mapping[str, str], *, own: bool) -> str:
    """One event as the role reads it; empty for what is no part of a conversation."""
    source = str(line.get("source") or "")
    name = names.get(source, source)
    match line["kind"]:
        case "run_started":
            return clean(line["premise"])
        case "phase_entered":
            return f"[{clean(line['text'])}]" if line.get("text") else ""
        case "inject":
            text = clean(line["text"])
            anonymous = source in (line.get("origin") or "template", "template", "rule", "run")
            return inside_margin(f"[{text}]" if anonymous else f"{name}: {text}")
        case "utterance" if own:
            return clean(line["text"])
        case "utterance":
            private = "" if line.get("audience") == "all" else " (privately)"
            return inside_margin(f"{clean(line['name'])}{private}: {clean(line['text'])}")
        case "action":
            move = _with_arguments(line["action"], line, ": ")
            return inside_margin(f"[{move}]" if own else f"[{name}: {move}]")
        case "tool_called":
            found = clean(line.get("error") or line.get("text") or line.get("result"))
            asked = _with_arguments(line["tool"], line, ", ")
            return inside_margin(f"[{name} uses {asked}: {found}]")  # what a tool found is no word of the role's own
        case "tool_refused":
            reason = f": {clean(line['reason'])}" if line.get("reason") else ""
            return inside_margin(f"[{name} may not use {_with_arguments(line['tool'], line, ', ')}{reason}]")
    return ""


def _with_arguments(name: object, line: Line, joint: str) -> str:
    arguments = pairs(line.get("arguments") or {})
    return joint.join(part for part in (titled(clean(name)), arguments) if part)


def _system(member: Mapping[str, Any], others: Sequence[str]) -> str:
    """The role in words: what its agent's template and its place in the scenario say of it."""
    configuration = member.get("configuration") or {}
    personality = configuration.get("personality") or {}
    lists = [(label, [clean(text) for text in personality.get(field) or ()]) for label, field in (
        ("Goals", "goals"), ("Traits", "traits"), ("Always", "constraints"), ("Lines that you might say", "examples"))]
    role = clean(personality.get("role") or member["role"])
    parts = [f"You play {clean(member['name'])}, {role}, in a scenario with {', '.join(others) or 'nobody else'}.",
             clean(personality.get("backstory")), *(f"{label}: {'; '.join(texts)}" for label, texts in lists if texts),
             f"Way of speaking: {clean(style)}" if (style := personality.get("style")) else "",
             f"Only you know: {clean(secret)}" if (secret := configuration.get("secret")) else ""]
    return "\n".join(part for part in parts if part)
