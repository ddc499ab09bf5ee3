"""Reads from the database what the renderings of a run need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.annotations import Annotations
from pyscrai.databases.repositories.calls import Calls, StoredCall
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.tables import AgentInstanceRow, AnnotationRow, RunRow, ScenarioTemplateRow
from pyscrai.exports.dossier import Dossier
from pyscrai.exports.event_line import event_line


async def gather(session: AsyncSession, run_id: str, *, calls: bool = True) -> Dossier:
    """Everything that is recorded of a run; its model calls only where they are wanted.

    Raises:
        NotFound: there is no such run.
    """
    runs = Runs(session)
    row = await runs.get(run_id)
    template = await scenario_templates(session).by_id(row.scenario_template_id)
    return Dossier(
        run=run_facts(row, template), cast=[member(each) for each in await runs.cast(run_id)],
        events=[event_line(event) for event in await Events(session).read(run_id)],
        calls=[call_facts(stored) for stored in await Calls(session).read(run_id)] if calls else None,
        metrics=await metrics(session, run_id), template=template.content,
        annotations=[annotation_facts(note) for note in await Annotations(session).list(run_id)])


def run_facts(row: RunRow, template: ScenarioTemplateRow) -> dict[str, Any]:
    """A run as JSON-plain data; ``template`` is ``name@version``."""
    return {
        "run_id": row.id, "name": row.name, "template": f"{template.name}@{template.version}",
        "template_hash": row.template_hash, "status": row.status, "turn": row.turn, "phase": row.phase,
        "outcome": row.outcome, "error": row.error, "seed": row.seed, "parameters": row.parameters,
        "settings": row.settings, "tags": row.tags, "variables": row.variables, "usage": row.usage,
        "parent_run_id": row.parent_run_id, "fork_turn": row.fork_turn, "created_at": _instant(row.created_at),
        "started_at": _instant(row.started_at), "ended_at": _instant(row.ended_at)}


def member(row: AgentInstanceRow) -> dict[str, Any]:
    """A role of a run and who plays it."""
    configuration = row.configuration
    return {"role": row.role, "name": row.name, "engine": row.engine, "agent": configuration.get("agent", ""),
            "agent_hash": row.agent_hash, "model": configuration.get("model", ""), "played_by": row.played_by,
            "configuration": configuration}


def annotation_facts(row: AnnotationRow) -> dict[str, Any]:
    """A note on an event as JSON-plain data."""
    return {"id": row.id, "key": row.key, "author": row.author, "text": row.text, "tags": row.tags,
            "created_at": _instant(row.created_at)}


def call_facts(stored: StoredCall) -> dict[str, Any]:
    """A model call as JSON-plain data: what was asked, what came back, and what it took."""
    call = stored.call
    request, reply = call.request, call.reply
    usage = reply.usage if reply else None
    settings = {name: value for name in ("temperature", "top_p", "max_tokens", "stop", "seed", "schema")
                if (value := getattr(request, name)) not in (None, ())}
    return {
        "id": stored.id, "run_id": stored.run_id, "turn": call.key.turn, "role": call.key.role, "task": call.key.task,
        "ordinal": call.key.ordinal, "purpose": call.purpose, "alias": call.alias,
        "model": reply.model if reply else None, "settings": settings,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "reply": reply.text if reply else None, "finish_reason": reply.finish_reason if reply else None,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "cached_tokens": usage.cached_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None, "cost_usd": usage.cost_usd if usage else None,
        "latency_ms": reply.latency_ms if reply else None,
        "attempts": [{"alias": each.alias, "code": each.code, "message": each.message, "latency_ms": each.latency_ms,
                      "waited_ms": each.waited_ms} for each in call.attempts],
        "error": dict(call.error) if call.error else None, "prompts": dict(call.prompts),
        "raw": dict(reply.raw) if reply else None, "created_at": _instant(stored.created_at)}


async def metrics(session: AsyncSession, run_id: str) -> dict[str, Mapping[str, Any]]:
    """The figures of a run as it stands: of the whole under ``run``, and of each role."""
    found = await RunMetrics(session).read(run_id)
    return {each.role or "run": {name: value for name, value in asdict(each).items() if name != "role"}
            for each in found}


async def usage(session: AsyncSession, run_id: str) -> dict[str, Any]:
    """The usage of a run so far: turns, calls, tokens and cost."""
    row = await Runs(session).get(run_id)
    whole = (await RunMetrics(session).compute([run_id]))[run_id][0]
    return {"turns": row.turn, "calls": whole.calls, "prompt_tokens": whole.prompt_tokens,
            "cached_tokens": whole.cached_tokens, "completion_tokens": whole.completion_tokens,
            "cost_usd": whole.cost_usd}


def _instant(when: Any) -> str | None:
    return when.isoformat(timespec="milliseconds") if when else None
