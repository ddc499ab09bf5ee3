"""How far an experiment is, in a few quick queries: cells by state, spend, interval, time left."""

from __future__ import annotations

from typing import Any

from pyscrai.databases.experiment_tables import ExperimentRow
from pyscrai.databases.repositories.experiment_cells import STATES, ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments, held
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.errors import WrongState
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.factories.run_leases import is_dead
from pyscrai.factories.services import Services
from pyscrai.services.experiments.standstill import let_stand

ACTIONS = {"pause": ("planned", "running"), "resume": ("planned", "paused", "completed"),
           "cancel": ("planned", "running", "paused")}
"""What can be asked of an experiment, and in which statuses."""


async def experiment_status(services: Services, reference: str) -> dict[str, Any]:
    """The status of an experiment as plain data.

    Raises:
        NotFound: none fits.
    """
    async with services.database.read() as session:
        row = await Experiments(session).find(reference)
        totals = await ExperimentCells(session, row.id).totals()
        counts, pasts, (usd, tokens) = totals.cells, totals.pasts, totals.spent
        judged = await Judgements(session, row.id).count()
        judge_usd, _ = await Judgements(session, row.id).spent()
    spec = ExperimentTemplate.model_validate(row.content)
    states = {state: sum(arm.get(state, 0) for arm in counts.values()) for state in STATES}
    settled = states["ended"] + states["failed"]
    left = states["planned"] + states["playing"]
    budget = next((rule.cost_usd for rule in (spec.stop.first if spec.stop else ()) if rule.cost_usd), None)
    return {**experiment_facts(row), "cells": states, "arms": counts, "pasts": pasts, "planned": sum(states.values()),
            "usd": usd + judge_usd, "tokens": tokens, "budget_usd": budget, "judgements": judged,
            "half_width": (row.results or {}).get("half_width"),
            "stop": [rule.text for rule in spec.stop.first] if spec.stop else [],
            "seconds_left": row.seconds / settled * left if settled and left and row.status == "running" else None,
            "complete": row.status == "completed" and not states["failed"] and not pasts.get("failed", 0)}


async def cell_reasons(services: Services, experiment_id: str) -> list[dict[str, Any]]:
    """Reasons why runs of an experiment failed or were left out, the most frequent first."""
    async with services.database.read() as session:
        return await ExperimentCells(session, experiment_id).reasons(limit=5)


def experiment_facts(row: ExperimentRow) -> dict[str, Any]:
    """The facts of an experiment that lists show."""
    moments = {name: moment.isoformat(timespec="milliseconds") if (moment := getattr(row, name)) else None
               for name in ("created_at", "frozen_at", "started_at", "ended_at", "updated_at")}
    content = row.content
    return {"experiment_id": row.id, "name": row.name, "version": row.version, "title": content.get("title", ""),
            "question": content.get("question", ""), "scenario": content.get("scenario", ""), "pilot": row.pilot,
            "status": row.status, "desired": row.desired, "reason": row.reason, "live": held(row),
            "freeze_hash": row.freeze_hash, "content_hash": row.content_hash, "seconds": row.seconds, **moments}


async def ask_experiment(services: Services, reference: str, action: str) -> str:
    """Ask an experiment to pause, go on or be cancelled; whoever runs it sees it within a second.

    Returns:
        Its id.

    Raises:
        NotFound: none fits.
        WrongState: it does not fit.
    """
    async with services.database.session() as session:
        experiments = Experiments(session)
        row = await experiments.find(reference)
        if row.status not in ACTIONS[action]:
            fitting = [name for name, statuses in ACTIONS.items() if row.status in statuses]
            raise WrongState(f"{row.id} is {row.status}, which does not fit {action}", code="experiment.wrong_state",
                             cure=f"what fits: {', '.join(fitting) or 'nothing'}", status=row.status, action=action)
        desired = {"pause": "pause", "resume": "run", "cancel": "cancel"}[action]
        changes: dict[str, Any] = {"desired": desired}
        led = held(row) and not is_dead(row.owner or "")
        if not led and action != "resume":
            changes |= {"status": {"pause": "paused", "cancel": "cancelled"}[action], "reason": f"{action} was asked"}
        if action == "resume" and row.status == "completed":
            changes["status"] = "planned"
        await experiments.change(row.id, **changes)
    if not led and action != "resume":   # nobody else asks its runs, which other processes may play on
        await let_stand(services, row.id, "pause" if action == "pause" else "cancel")
    return row.id
