"""People in a run: those who play a role, and those who put something into the world from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pyscrai.engines.actor import Speaker
from pyscrai.engines.base import Engine, Performance
from pyscrai.engines.orchestration.stage import Keys, Stage
from pyscrai.engines.ports import CallRecord
from pyscrai.engines.state import Activation
from pyscrai.engines.structured import parse
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError, RunError
from pyscrai.events import Control, RoleReleased, RoleTaken
from pyscrai.templates.world import InjectText

ABOUT = ("person", "role", "latency_ms", "release")
"""What an answer may say about itself: who gave it, for whom, how long it took, and that a model shall answer."""

_SPEECH: Mapping[str, Any] = {
    "type": "object", "additionalProperties": False, "properties": {"text": {"type": "string"}}}


def person_for(engine: Engine, state: Mapping[str, Any]) -> str | None:
    """The person who plays this role now; ``""`` for whoever answers, None for a model."""
    people = state.get("people") or {}
    return people.get(engine.role) if engine.role in people else None


def human_request(engine: Engine, activation: Activation, seen: View) -> dict[str, Any]:
    """What a front end needs to let a person answer: the role's own view, and what is asked for.

    ``schema`` is the JSON Schema of the answer where more than speech is asked for, else None.
    """
    speaker = cast(Speaker, engine)
    phase = engine.plan.phases[seen.phase]
    return {"role": engine.role, "name": engine.instance.name, "turn": activation["turn"], "task": activation["task"],
            "phase": seen.phase_title, "note": seen.task, "secret": engine.instance.secret,
            "variables": dict(seen.variables), "schema": speaker.schema(phase),
            "choices": list(phase.speakers) if activation["task"] == "moderate" else None,
            "lines": [{"name": line["name"], "text": line["content"], "turn": line["turn"]} for line in seen.lines]}


def problem_of(engine: Engine, activation: Activation, seen: View, answer: Mapping[str, Any]) -> str | None:
    """Why a person's answer cannot be taken, in words, or None if it can."""
    phase = engine.plan.phases[seen.phase]
    speaker = cast(Speaker, engine)
    value = said(answer)
    if activation["task"] == "moderate":
        picks = {"next": {"enum": list(phase.speakers)}}
        schema: Mapping[str, Any] = {"type": "object", "required": ["next"], "properties": picks}
    else:
        # A person may leave out what a model must say something about: whom it addresses, that nothing has changed.
        schema = {**(speaker.schema(phase) or _SPEECH), "required": ["actions"] if speaker.moves(phase)[0] else []}
    try:
        parse(json.dumps(value), schema)
        if activation["task"] != "moderate":
            speaker.check(value, phase)
    except ReplyError as error:
        return error.message
    return None


def said(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What of an answer is part of the play, without who gave it and what was left blank."""
    return {key: value.strip() if isinstance(value, str) else value for key, value in answer.items()
            if value is not None and key not in ABOUT}


def read_human(engine: Engine, activation: Activation, seen: View, call: CallRecord) -> Performance:
    """Make a person's answer into a performance, as a model's reply would be.

    Raises:
        ReplyError: the answer says and does nothing.
    """
    if call.reply is None:
        raise ReplyError("the person's answer is empty")
    answer = said(json.loads(call.reply.text))
    person = call.alias.removeprefix("person:")
    if activation["task"] == "moderate":
        performance = Performance()
        performance.state["chosen"] = (answer["next"], f"{person} chose")
        return performance
    speaker = cast(Speaker, engine)
    phase = engine.plan.phases[seen.phase]
    speaker.check(answer, phase)
    performance = speaker.make(answer, phase, seen, played_by=person)
    if performance.move is not None:
        performance.move["seconds"] = call.reply.latency_ms / 1000
    return performance


def apply_command(stage: Stage, command: Mapping[str, Any]) -> dict[str, str | None]:
    """Carry out what a person asked for.

    Returns:
        Changes to who plays which role: a person's name, or None for a model.
    """
    stage.keys = Keys(f"c{command['id']}")
    actor, kind, payload = str(command["actor"]), command["kind"], dict(command["payload"])
    stage.record(Control, source=actor, action=kind, actor=actor, arguments=payload)
    if kind == "inject":
        spec = InjectText(text=payload["text"], audience=tuple(payload.get("audience") or ("all",)),
                          source=payload.get("source") or "")
        stage.inject(spec, spec.text, origin=actor, label=payload.get("label", ""))
        for name, value in (payload.get("set") or {}).items():
            stage.set_variable(name, value, cause=f"{actor} injects", source=actor)
        return {}
    if kind == "take_over":
        stage.record(RoleTaken, source=actor, role=payload["role"], person=actor)
        return {payload["role"]: actor}
    if kind == "release":
        stage.record(RoleReleased, source=actor, role=payload["role"], person=actor)
        return {payload["role"]: None}
    raise RunError(f"unknown command {kind!r}", cure="inject, take_over or release")
