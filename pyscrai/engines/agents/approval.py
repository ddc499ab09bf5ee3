"""Approval: what a model proposes for a role waits for a person who accepts, edits or rejects it before it is heard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.agents.person import check_answer, human_request
from pyscrai.engines.agents.speaker import TEXT, Speaker
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.state import Activation
from pyscrai.engines.view import View
from pyscrai.events import Action, Control, Utterance

TASK = "approve"
"""The task of the question, in its request and at its place."""


def approval_request(engine: Engine, activation: Activation, seen: View, proposed: Performance,
                     people: Mapping[str, Any]) -> dict[str, Any]:
    """The request that lets a person decide: the role's own view, and the proposal of its model."""
    speaker = cast(Speaker, engine)
    by = engine.instance.approve if isinstance(engine.instance.approve, str) else ""
    wanted = speaker.schema(engine.plan.phases[seen.phase], seen) or {
        "type": "object", "additionalProperties": False, "required": [TEXT], "properties": {TEXT: {"type": "string"}}}
    return {**human_request(engine, activation, seen, person=people.get(by) or ""), "task": TASK, "by": by,
            "choices": None, "proposal": proposal_of(proposed), "schema": {
                "type": "object", "additionalProperties": False, "required": ["decision"], "properties": {
                    "decision": {"enum": ["accept", "edit", "reject"]}, "reason": {"type": "string"},
                    "edited": {**wanted, "required": []}}}}


def proposal_of(performance: Performance) -> dict[str, Any]:
    """The part of a performance that would be heard or take effect: the text, the moves, and what else was said."""
    said = performance.said or {}
    found = {TEXT: said.get(TEXT, ""), "actions": {
        name: dict(arguments) for name, arguments in (said.get("actions") or {}).items() if arguments is not None}}
    return found | {name: said[name] for name in ("to", "changes", "scene_over") if said.get(name)}


def decide(engine: Engine, request: Mapping[str, Any], seen: View, proposed: Performance, call: CallRecord
           ) -> Performance:
    """Make a person's decision into a performance; nothing is heard of a proposal that is rejected."""
    assert call.reply is not None
    speaker, phase = cast(Speaker, engine), engine.plan.phases[seen.phase]
    answer = check_answer(json.loads(call.reply.text), request)
    person = call.alias.removeprefix("person:")
    if answer["decision"] == "accept":
        performance = proposed
    elif answer["decision"] == "edit":
        edited = {**(proposed.said or {}), **(answer.get("edited") or {})}
        speaker.check(edited, phase)
        performance = speaker.make(edited, phase, seen, played_by=f"model, edited by {person}")
        performance.precede([(kind, fields) for kind, fields in proposed.drafts if kind not in (Utterance, Action)])
    else:
        performance = Performance(played={"role": engine.role, "turn": request["turn"], "text": "", "moves": [],
                                          "kinds": ["control"], "skipped": True})
    if performance.played is not None:
        performance.played["seconds"] = (proposed.played or {}).get("seconds", 0.0) + call.reply.latency_ms / 1000
    reason = {"reason": answer["reason"]} if answer.get("reason") else {}
    performance.drafts.append((Control, {"source": person, "action": answer["decision"], "actor": person, "arguments": {
        "role": engine.role, "turn": request["turn"], "proposal": request["proposal"], **reason}}))
    return performance
