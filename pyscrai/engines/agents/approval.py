"""Approval: what a model proposes for a role waits for a person who accepts, edits or rejects it before it counts.

What a role says and does in a turn, and whom it picks as the next speaker, are proposed in the same form: a request
with ``task: approve``, the ``proposal``, and a ``schema`` of the decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.agents.moderator import choices_of_next, last_speaker
from pyscrai.engines.agents.person import check_answer, choice_schema, human_request
from pyscrai.engines.agents.speaker import TEXT, Speaker
from pyscrai.engines.orchestration.turn_order import in_turn
from pyscrai.engines.place import Place
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.state import Activation
from pyscrai.engines.view import View
from pyscrai.events import Action, Control, Utterance

TASK = "approve"
"""The task of the question, in its request and at its place."""


def approval_request(engine: Engine, activation: Activation, seen: View, proposed: Performance,
                     people: Mapping[str, Any]) -> dict[str, Any]:
    """The request that lets a person decide: the role's own view, and the proposal of its model.

    ``about`` is the task whose outcome is proposed, ``by`` the role whose person decides; it is empty where that is
    anybody.
    """
    by = engine.instance.approve if isinstance(engine.instance.approve, str) else ""
    moderates = activation["task"] == "moderate"
    wanted = choice_schema(choices_of_next(engine.plan.phases[seen.phase], seen)) if moderates else _turn(engine, seen)
    return {**human_request(engine, activation, seen, person=people.get(by) or ""), "task": TASK, "by": by,
            "about": activation["task"], "detail": "moderate" if moderates else "", "choices": None,
            "proposal": proposal_of(proposed), "schema": {
                "type": "object", "additionalProperties": False, "required": ["decision"], "properties": {
                    "decision": {"enum": ["accept", "edit", "reject"]}, "reason": {"type": "string"},
                    "edited": {**wanted, "required": []}}}}


def place_of(request: Mapping[str, Any]) -> Place:
    """The place of a person's answer to a request, be it for a turn or about a proposal."""
    return Place(request["turn"], request["role"], request["task"], request.get("detail") or "")


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
    assert call.reply is not None
    answer = check_answer(json.loads(call.reply.text), request)
    person = call.alias.removeprefix("person:")
    if answer["decision"] == "accept":
        performance = proposed
    elif request["about"] == "moderate":
        performance = _other_choice(engine, seen, proposed, answer, person)
    else:
        performance = _other_turn(engine, request, seen, proposed, answer, person)
    if performance.played is not None:
        performance.played["seconds"] = (proposed.played or {}).get("seconds", 0.0) + call.reply.latency_ms / 1000
    reason = {"reason": answer["reason"]} if answer.get("reason") else {}
    performance.drafts.append((Control, {"source": person, "action": answer["decision"], "actor": person, "arguments": {
        "role": engine.role, "turn": request["turn"], "proposal": request["proposal"], **reason}}))
    return performance


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
    """The turn as the person edited it; where it is rejected, none."""
    if answer["decision"] == "reject":
        return Performance(played={"role": engine.role, "turn": request["turn"], "text": "", "moves": [],
                                   "kinds": ["control"], "skipped": True})
    speaker, phase = cast(Speaker, engine), engine.plan.phases[seen.phase]
    edited = {**(proposed.said or {}), **(answer.get("edited") or {})}
    speaker.check(edited, phase)
    performance = speaker.make(edited, phase, seen, played_by=f"model, edited by {person}")
    performance.precede([(kind, fields) for kind, fields in proposed.drafts if kind not in (Utterance, Action)])
    return performance
