"""Controls: what people ask of a run while it plays, from the command line and over the API.

A control is durable when its function returns; an engine manager, of this process or another, then carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.errors import PyscraiError, no_run
from pyscrai.events import Control
from pyscrai.factories.run_spec import check_human
from pyscrai.factories.scenario_factory import load_plan
from pyscrai.factories.services import Services
from pyscrai.lifecycle import REQUEST_KEY, Action, Desired, Request, RunStatus, answered, check_fits, desired_by
from pyscrai.services.outside_events import RunChanges, Within, change_runs
from pyscrai.services.run_checks import check_audience, check_player, check_variables
from pyscrai.templates.models.base import Scalar
from pyscrai.templates.models.world import InjectText


@dataclass(frozen=True, slots=True)
class Accepted:
    """A control that is durable: of which run, by whom, and how the run stood then."""

    run_id: str
    action: Action
    actor: str
    status: RunStatus
    """The run's status when it was asked."""
    desired: Desired
    """The state that is desired of it now."""
    control_id: int | None = None
    """The number, in its run, of a control that waits for a turn to take it."""


async def request(services: Services, run_id: str, action: Request, *, actor: str, reason: str = "",
                  within: Within | None = None) -> Accepted:
    """Ask a run to start, pause, go on, step, stop or stop at once.

    Args:
        within: what else is stored in the same transaction, given the accepted control.

    Raises:
        NotFound: there is no such run.
        WrongState: it does not fit; the cure says what would.
    """
    async with change_runs(services) as changes:
        accepted = await _request(changes, await Runs(changes.session).get(run_id, lock=True), action, actor, reason)
        if within is not None:
            await within(changes.session, accepted)
    return accepted


async def request_many(services: Services, run_ids: Sequence[str], action: Request, *, actor: str, reason: str = "",
                       within: Within | None = None) -> tuple[list[Accepted], list[PyscraiError]]:
    """Ask the same of many runs; those that it does not fit are left as they are.

    Returns:
        The accepted controls, and why the others were not accepted.
    """
    accepted: list[Accepted] = []
    refused: list[PyscraiError] = []
    async with change_runs(services) as changes:
        found = {row.id: row for row in await Runs(changes.session).some(run_ids, lock=True)}
        for run_id in dict.fromkeys(run_ids):
            try:
                if run_id not in found:
                    raise no_run(run_id)
                accepted.append(await _request(changes, found[run_id], action, actor, reason))
            except PyscraiError as error:
                refused.append(error)
        if within is not None:
            await within(changes.session, (accepted, refused))
    return accepted, refused


async def _request(changes: RunChanges, row: RunRow, action: Request, actor: str, reason: str) -> Accepted:
    status = row.status
    check_fits(row.id, status, row.desired, action)
    row.desired = desired_by(action, status)
    await changes.record(row.id, [control_event(row, action, actor, {"reason": reason} if reason else {})])
    return Accepted(row.id, action, actor, status, row.desired)


def control_event(row: RunRow, action: str, actor: str, arguments: Mapping[str, Any]) -> Control:
    """The event that says who asked what."""
    return Control(key=f"{REQUEST_KEY}{uuid4().hex[:12]}", turn=row.turn, phase=row.phase, source=actor, action=action,
                   actor=actor, arguments=dict(arguments))


async def inject(services: Services, run_id: str, content: InjectText, *, actor: str, label: str = "",
                 changes: Mapping[str, Scalar] | None = None, within: Within | None = None) -> Accepted:
    """Put something into the world of a run; its next turn takes it.

    Args:
        changes: variables and their new values.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has ended.
        RunError: a role, group or variable is unknown, or a value is out of bounds.
    """
    plan = await load_plan(services, run_id)
    check_audience(plan, content.audience)
    payload = {"text": content.text, "audience": list(content.audience), "source": content.source, "label": label,
               "set": check_variables(plan, changes or {})}
    return await _add(services, run_id, "inject", payload, actor=actor, within=within)


async def take_over(services: Services, run_id: str, role: str, *, actor: str, within: Within | None = None
                    ) -> Accepted:
    """Let a person play a role from the next turn on.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has ended.
        RunError: there is no such role, it takes no turns, or the template keeps it from people.
    """
    plan = await load_plan(services, run_id)
    check_player(plan, role)
    check_human(role, plan.cast[role].human)
    return await _add(services, run_id, "take-over", {"role": role}, actor=actor, played_by=actor, within=within)


async def release(services: Services, run_id: str, role: str, *, actor: str, within: Within | None = None) -> Accepted:
    """Let a model play a role again, also in the turn that the run waits for.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has ended.
        RunError: there is no such role, or it takes no turns.
    """
    check_player(await load_plan(services, run_id), role)
    return await _add(services, run_id, "release", {"role": role}, actor=actor, within=within)


async def _add(services: Services, run_id: str, action: Literal["inject", "take-over", "release"],
               payload: Mapping[str, Any], *, actor: str, played_by: str | None = None, within: Within | None = None
               ) -> Accepted:
    async with change_runs(services) as changes:
        runs = Runs(changes.session)
        row = await runs.get(run_id, lock=True)
        status, desired = row.status, row.desired
        check_fits(run_id, status, desired, action)
        command = await Controls(changes.session).add(run_id, action.replace("-", "_"), payload, actor=actor)
        if "role" in payload:
            await runs.play_by(run_id, payload["role"], played_by)
        if status == "waiting":
            # Whoever is asked sees what arrived, or is not asked any more.
            desired = answered(desired)
            await runs.desire(run_id, desired)
        accepted = Accepted(run_id, action, actor, status, desired, command.number)
        if within is not None:
            await within(changes.session, accepted)
    return accepted
