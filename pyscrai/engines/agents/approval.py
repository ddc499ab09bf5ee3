"""Approval: what a model or program proposes for a role waits for a person who accepts, edits or rejects it.

What a role says and does in a turn, whom it picks as the next speaker, and a tool that it wants to use are proposed in
the same form: a request with ``task: approve``, the ``proposal``, and a ``schema`` of the decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.agents.moderator import choices_of_next, last_speaker
from pyscrai.engines.agents.person import check_answer, choice_schema, human_request
from pyscrai.engines.agents.speaker import TEXT, Speaker
from pyscrai.engines.orchestration.turn_order import in_turn
from pyscrai.engines.place import Place
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.state import Activation, Line
from pyscrai.engines.tools.consultation import ToolLeave
from pyscrai.engines.tools.tool import Tool, ToolScene
from pyscrai.engines.view import View
from pyscrai.events import Action, Control, Event, FlowWarning, Utterance
from pyscrai.plain_text import storable

TASK = "approve"
"""The task of the question, in its request and at its place."""


def approval_request(engine: Engine, activation: Activation, seen: View, proposed: Performance,
                     people: Mapping[str, Any]) -> dict[str, Any]:
    """The request that lets a person decide: the role's own view, and the proposal of its model.

    ``about`` is the task whose outcome is proposed, ``by`` the role whose person decides; it is empty where that is
    anybody.
    """
    moderates = activation["task"] == "moderate"
    wanted = choice_schema(choices_of_next(engine.plan.phases[seen.phase], seen)) if moderates else _turn(engine, seen)
    return {**_request(engine, activation, seen, people), "about": activation["task"],
            "detail": "moderate" if moderates else "", "proposal": proposal_of(proposed),
            "schema": _decision({**wanted, "required": []})}


def tool_request(engine: Engine, activation: Activation, scene: ToolScene, tool: Tool, schema: Mapping[str, Any],
                 arguments: Mapping[str, Any], people: Mapping[str, Any]) -> dict[str, Any]:
    """The request that lets a person decide about the use of a tool, before it is used.

    Args:
        schema: JSON Schema of the tool's arguments.
    """
    return {**_request(engine, activation, scene.view, people), "about": "tool", "detail": f"tool{scene.use}",
            "proposal": {"tool": tool.name, "arguments": dict(arguments)}, "schema": _decision({
                "type": "object", "additionalProperties": False, "required": [],
                "properties": {"arguments": {**schema, "description": tool.description}}})}


def _request(engine: Engine, activation: Activation, seen: View, people: Mapping[str, Any]) -> dict[str, Any]:
    by = engine.instance.approve if isinstance(engine.instance.approve, str) else ""
    return {**human_request(engine, activation, seen, person=people.get(by) or ""), "task": TASK, "by": by,
            "choices": None}


def _decision(edited: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": ["decision"], "properties": {
        "decision": {"enum": ["accept", "edit", "reject"]}, "reason": {"type": "string"}, "edited": dict(edited)}}


def place_of(request: Mapping[str, Any]) -> Place:
    """The place of a person's answer to a request, be it for a turn or about a proposal."""
    return Place(request["turn"], request["role"], request["task"], request.get("detail") or "")


def about_proposal(request: Mapping[str, Any]) -> ModelRequest:
    """The request that the journal keeps of a question to a person: the proposal, where one is decided about."""
    if "proposal" not in request:
        return ModelRequest(())
    return ModelRequest((Message("user", (_text(request["proposal"]),)),))


def is_about(decision: CallRecord, request: Mapping[str, Any]) -> bool:
    """Whether a decision is about what a request proposes; earlier versions did not keep what one was about."""
    messages = decision.request.messages
    return not messages or messages[0].content == _text(request["proposal"])


def _text(proposal: Mapping[str, Any]) -> str:
    return storable(json.dumps(proposal, ensure_ascii=False, sort_keys=True))


def _turn(engine: Engine, seen: View) -> Mapping[str, Any]:
    return cast(Speaker, engine).schema(engine.plan.phases[seen.phase], seen) or {
        "type": "object", "additionalProperties": False, "required": [TEXT], "properties": {TEXT: {"type": "string"}}}


def proposal_of(performance: Performance) -> dict[str, Any]:
    """The part of a performance that would be heard or take effect: the text, the moves, and what else was said."""
    if "chosen" in performance.state:
        chosen, reason = performance.state["chosen"]
        return {"next": chosen, "reason": reason}
    said = performance.said or {}
    found = {TEXT: said.get(TEXT, ""), "actions": {
        name: dict(arguments) for name, arguments in (said.get("actions") or {}).items() if arguments is not None}}
    return found | {name: said[name] for name in ("to", "changes", "scene_over") if said.get(name)}


def decide(engine: Engine, request: Mapping[str, Any], seen: View, proposed: Performance, call: CallRecord
           ) -> Performance:
    """Make a person's decision into a performance; nothing is heard of a proposal that is rejected."""
    answer, person, seconds = _read(request, call)
    if answer["decision"] == "accept":
        performance = proposed
    elif request["about"] == "moderate":
        performance = _other_choice(engine, seen, proposed, answer, person)
    else:
        performance = _other_turn(engine, request, seen, proposed, answer, person)
    if performance.played is not None:
        performance.played["seconds"] = (proposed.played or {}).get("seconds", 0.0) + seconds
    performance.drafts.append(_control(engine, request, answer, person))
    return performance


def let_use(engine: Engine, request: Mapping[str, Any], decision: CallRecord | None, passed: Sequence[CallRecord]
            ) -> ToolLeave:
    """Make a person's decision about the use of a tool into leave to use it; without one it is used as proposed.

    Args:
        passed: decisions about what was proposed there before.
    """
    drafts, arguments = passed_over(engine, passed), request["proposal"]["arguments"]
    if decision is None:
        return ToolLeave(arguments, drafts=drafts)
    answer, person, seconds = _read(request, decision)
    if answer["decision"] == "edit":
        arguments = (answer.get("edited") or {}).get("arguments", arguments)
    return ToolLeave(None if answer["decision"] == "reject" else arguments, person, answer.get("reason", ""), seconds,
                     [*drafts, _control(engine, request, answer, person)])


def passed_over(engine: Engine, decisions: Sequence[CallRecord]) -> list[tuple[type[Event], dict[str, Any]]]:
    """The drafts that tell of decisions about what is proposed no more."""
    return [(FlowWarning, {"source": engine.role, "message": (
        f"a decision of {_person(call)} about {engine.role} is not used: something else is proposed now")})
        for call in decisions]


def _read(request: Mapping[str, Any], call: CallRecord) -> tuple[dict[str, Any], str, float]:
    """The decision, who made it, and the seconds that it took."""
    assert call.reply is not None
    return check_answer(json.loads(call.reply.text), request), _person(call), call.reply.latency_ms / 1000


def _person(call: CallRecord) -> str:
    return call.alias.removeprefix("person:")


def _control(engine: Engine, request: Mapping[str, Any], answer: Mapping[str, Any], person: str
             ) -> tuple[type[Event], dict[str, Any]]:
    reason = {"reason": answer["reason"]} if answer.get("reason") else {}
    return Control, {"source": person, "action": answer["decision"], "actor": person, "arguments": {
        "role": engine.role, "turn": request["turn"], "proposal": request["proposal"], **reason}}


def _other_choice(engine: Engine, seen: View, proposed: Performance, answer: Mapping[str, Any], person: str
                  ) -> Performance:
    """The pick of the person instead; where the pick is rejected, the next by round robin."""
    performance = Performance(drafts=list(proposed.drafts))
    chosen, reason = proposed.state["chosen"]
    if answer["decision"] == "reject":
        chosen, reason = in_turn(seen.speakers, last_speaker(engine.plan.phases[seen.phase], seen)), "round robin"
    elif (edited := answer.get("edited") or {}).get("next"):
        chosen, reason = edited["next"], f"{person} chose"
    performance.state["chosen"] = (chosen, reason)
    return performance


def _other_turn(engine: Engine, request: Mapping[str, Any], seen: View, proposed: Performance,
                answer: Mapping[str, Any], person: str) -> Performance:
    """The turn as the person edited it, or none where it is rejected; the tools that were used for it stay used."""
    drafts, heard = _before(engine, proposed)
    if answer["decision"] == "reject":
        if engine.plan.edition < 3:
            drafts, heard = [], []
        performance = Performance(played={"role": engine.role, "turn": request["turn"], "text": "", "moves": [],
                                          "kinds": ["control"], "skipped": True})
    else:
        speaker, phase = cast(Speaker, engine), engine.plan.phases[seen.phase]
        edited = {**(proposed.said or {}), **(answer.get("edited") or {})}
        speaker.check(edited, phase)
        by = "model" if engine.program is None else "program"
        performance = speaker.make(edited, phase, seen, played_by=f"{by}, edited by {person}")
    performance.precede(drafts, heard)
    return performance


def _before(engine: Engine, proposed: Performance
            ) -> tuple[list[tuple[type[Event], dict[str, Any]]], list[tuple[int, Line]]]:
    """The part before the turn itself, such as the uses of tools: drafts, and what was heard of them."""
    kept = [index for index, (kind, _) in enumerate(proposed.drafts) if kind not in (Utterance, Action)]
    places = {index: place for place, index in enumerate(kept)}
    heard = [(places[index], line) for index, line in proposed.heard if index in places]
    return [proposed.drafts[index] for index in kept], heard if engine.plan.edition > 2 else []
