"""People in a run: those who play a role, and those who put something into the world from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.agents.moderator import choices_of_next
from pyscrai.engines.agents.speaker import Speaker
from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.place import command_keys
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.state import Activation
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError, RunError
from pyscrai.events import Control, Event, FlowWarning, RoleReleased, RoleTaken
from pyscrai.templates.models.world import InjectText

ANSWER = -1
"""The ordinal of a person's answer among the calls of a turn."""

ABOUT = ("person", "role", "latency_ms", "release")
"""What an answer may say about itself: who gave it, for whom, how long it took, and that a model shall answer."""

SPEECH: Mapping[str, Any] = {
    "type": "object", "additionalProperties": False, "properties": {"text": {"type": "string"}}}


def person_for(engine: Engine, state: Mapping[str, Any]) -> str | None:
    """The person who plays this role now; ``""`` for whoever answers, None for a model."""
    people = state.get("people") or {}
    return people.get(engine.role) if engine.role in people else None


def human_request(engine: Engine, activation: Activation, seen: View, *, person: str = "") -> dict[str, Any]:
    """The request that lets a person answer: the role's own view, and what is asked for.

    ``schema`` is the JSON Schema of the answer where more than speech is asked for, else None. A person may leave out
    what a model must say something about: whom it addresses, that nothing has changed.
    """
    speaker = cast(Speaker, engine)
    phase = engine.plan.phases[seen.phase]
    choices: list[str] | None = None
    if activation["task"] == "moderate":
        choices = list(choices_of_next(phase, seen))
        schema: dict[str, Any] | None = choice_schema(choices)
    elif (schema := speaker.schema(phase, seen)) is not None:
        schema = {**schema, "required": ["actions"] if seen.required else []}
    return {"role": engine.role, "name": engine.instance.name, "person": person, "turn": activation["turn"],
            "task": activation["task"], "phase": seen.phase_title, "note": seen.task, "secret": engine.instance.secret,
            "variables": dict(seen.variables), "schema": schema, "choices": choices,
            "lines": [{"name": line["name"], "text": line["content"], "turn": line.get("turn", seen.turn)}
                      for line in seen.lines]}


def choice_schema(choices: Sequence[str]) -> dict[str, Any]:
    """JSON Schema of the choice of who speaks next."""
    return {"type": "object", "additionalProperties": False, "required": ["next"],
            "properties": {"next": {"enum": list(choices)}}}


def check_answer(answer: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a person's answer fits what is asked; the one check for all front ends.

    Args:
        request: as ``human_request`` makes it.

    Returns:
        What of the answer is part of the play, in the types and spelling of the schema.

    Raises:
        RunError: it does not fit; the message says where, the details hold the JSON Schema.
    """
    # A request that a checkpoint of before 0.2 holds has the schema of a speech beside the choices.
    schema = choice_schema(request["choices"]) if request.get("choices") else request.get("schema") or SPEECH
    value = said(answer)
    try:
        value = parse(json.dumps(value), schema, drop_unknown=False)
        if not (value.get("text") or value.get("next") or value.get("decision")
                or any((value.get("actions") or {}).values())):
            raise ReplyError("the reply is empty")
        if value.get("decision") == "edit" and "text" in request["proposal"]:
            left = {**request["proposal"], **(value.get("edited") or {})}
            if not left["text"] and not any((left.get("actions") or {}).values()):
                raise ReplyError("nothing is left of what was proposed; reject it instead")
    except ReplyError as error:
        raise RunError(f"the answer does not fit: {error.message}", code="run.answer", schema=schema,
                       cure=f"answer with JSON of this schema: {json.dumps(schema, ensure_ascii=False)}") from None
    return dict(value)


def handed_back(call: CallRecord) -> bool:
    """Whether a recorded answer lets the role's model go on by itself."""
    return call.reply is not None and bool(json.loads(call.reply.text).get("release"))


def misfit(call: CallRecord, request: Mapping[str, Any]) -> str:
    """The reason why a recorded answer does not fit what is asked by now; empty where it does."""
    try:
        check_answer(json.loads(call.reply.text) if call.reply is not None else {}, request)
    except RunError as error:
        return error.message
    return ""


def answers_passed_over(engine: Engine, answers: Sequence[CallRecord]) -> list[tuple[type[Event], dict[str, Any]]]:
    """The drafts that tell of answers which did not fit any more when they were to be played."""
    return [(FlowWarning, {"source": engine.role, "message": (
        f"an answer of {call.alias.removeprefix('person:')} for {engine.role} is not used: the world had changed, and "
        "it did not fit any more")}) for call in answers]


def said(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an answer that belongs to the play, without who gave it and without blank fields."""
    return {key: value.strip() if isinstance(value, str) else value for key, value in answer.items()
            if value is not None and key not in ABOUT}


def read_human(engine: Engine, activation: Activation, seen: View, call: CallRecord) -> Performance:
    """Make a person's answer into a performance, as a model's reply would be.

    Raises:
        ReplyError: the answer says and does nothing.
    """
    if call.reply is None:
        raise ReplyError("the person's answer is empty")
    answer = check_answer(json.loads(call.reply.text), human_request(engine, activation, seen))
    person = call.alias.removeprefix("person:")
    if activation["task"] == "moderate":
        performance = Performance()
        performance.state["chosen"] = (answer["next"], f"{person} chose")
        return performance
    speaker = cast(Speaker, engine)
    phase = engine.plan.phases[seen.phase]
    speaker.check(answer, phase)
    performance = speaker.make(answer, phase, seen, played_by=person)
    if performance.played is not None:
        performance.played["seconds"] = call.reply.latency_ms / 1000
    return performance


def apply_command(step: Step, command: Mapping[str, Any]) -> dict[str, str | None]:
    """Carry out what a person asked for.

    Returns:
        Changes to who plays which role: a person's name, or None for a model.
    """
    step.keys = command_keys(command["id"])
    actor, kind, payload = str(command["actor"]), command["kind"], dict(command["payload"])
    step.record(Control, source=actor, action=kind, actor=actor, arguments=payload)
    if kind == "inject":
        spec = InjectText(text=payload["text"], audience=tuple(payload.get("audience") or ("all",)),
                          source=payload.get("source") or "")

        def changes() -> None:
            for name, value in (payload.get("set") or {}).items():
                step.set_variable(name, value, cause=f"{actor} injects", source=actor)

        step.inject(spec, lambda: spec.text, origin=actor, label=payload.get("label", ""), changes=changes)
        return {}
    if kind == "take_over":
        step.record(RoleTaken, source=actor, role=payload["role"], person=actor)
        return {payload["role"]: actor}
    if kind == "release":
        step.record(RoleReleased, source=actor, role=payload["role"], person=actor)
        return {payload["role"]: None}
    raise RunError(f"unknown command {kind!r}", cure="inject, take_over or release")
