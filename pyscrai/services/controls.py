"""What people may ask of a run, whoever plays it: the one place that the command line and the API share.

What is asked becomes durable here; an engine manager, of this process or another, then carries it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast
from uuid import uuid4

from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.desired_states import Duties
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.did_you_mean import instead
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.run_registry import Desired
from pyscrai.errors import PyscraiError, RunError, WrongState, no_run
from pyscrai.events import Control
from pyscrai.factories.run_spec import check_human
from pyscrai.factories.scenario_factory import load_plan
from pyscrai.factories.services import Services
from pyscrai.services.outside_events import note_events
from pyscrai.templates.models.base import Scalar
from pyscrai.templates.models.world import InjectText

Ask = Literal["start", "pause", "resume", "step", "stop", "cancel"]
Action = Literal[Ask, "inject", "take-over", "release", "reply", "fork", "regenerate", "replay", "delete"]

_OPEN = frozenset({"pending", "running", "waiting", "paused"})
_ENDED = frozenset({"completed", "failed", "stopped"})
_BEGUN = _OPEN - {"pending"} | _ENDED

FITS: Mapping[Action, frozenset[str]] = {
    "start": frozenset({"pending"}),
    "pause": frozenset({"pending", "running", "waiting"}),
    "resume": frozenset({"paused", "failed"}),
    "step": frozenset({"pending", "paused"}),
    "stop": _OPEN | {"failed"},
    "cancel": _OPEN | {"failed"},
    "inject": _OPEN,
    "take-over": _OPEN,
    "release": _OPEN,
    "reply": frozenset({"waiting"}),
    "fork": _BEGUN,
    "regenerate": _BEGUN,
    "replay": _ENDED,
    "delete": _ENDED | {"pending", "paused", "waiting"},
}
"""What may be asked of a run, by the statuses in which it makes sense."""

_DESIRED: Mapping[Ask, Desired] = {
    "start": "run", "pause": "pause", "resume": "run", "step": "step", "stop": "stop", "cancel": "cancel"}


def check_fits(row: RunRow, action: Action) -> None:
    """See that an action makes sense now.

    Raises:
        WrongState: it does not; the cure says what would.
    """
    if row.status in FITS[action] or (action == "resume" and row.status == "running" and row.desired == "pause"):
        return
    fitting = [name for name, statuses in FITS.items() if row.status in statuses]
    raise WrongState(f"{row.id} is {row.status}, which does not fit {action}", cure=f"what fits: {', '.join(fitting)}",
                     run=row.id, status=row.status, action=action, fitting=fitting)


async def ask(services: Services, run_id: str, action: Ask, *, actor: str, reason: str = "") -> tuple[Desired, str]:
    """Ask a run to start, pause, go on, step, stop or stop at once.

    Returns:
        What to wake the manager with, and the run's status when it was asked.

    Raises:
        NotFound: there is no such run.
        WrongState: it does not fit; the cure says what would.
    """
    desired = _DESIRED[action]
    async with services.database.session() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        check_fits(row, action)
        row.desired = desired
    await note_events(services, run_id, [control_event(row, action, actor, {"reason": reason} if reason else {})],
                      fence=row.fence)
    return desired, row.status


async def ask_many(services: Services, run_ids: Sequence[str], action: Ask, *, actor: str, reason: str = ""
                   ) -> tuple[Desired, list[str], list[PyscraiError]]:
    """Ask the same of many runs; those that it does not fit are left as they are.

    Returns:
        What to wake the manager with, the runs that were asked, and why the others were not.
    """
    desired = _DESIRED[action]
    asked: list[RunRow] = []
    refused: list[PyscraiError] = []
    async with services.database.session() as session:
        found = {row.id: row for row in await Runs(session).some(run_ids)}
        for run_id in dict.fromkeys(run_ids):
            row = found.get(run_id)
            try:
                if row is None:
                    raise no_run(run_id)
                check_fits(row, action)
            except PyscraiError as error:
                refused.append(error)
            else:
                asked.append(row)
        await Duties(session).desire([row.id for row in asked], desired)
    arguments = {"reason": reason} if reason else {}
    await asyncio.gather(*(note_events(services, row.id, [control_event(row, action, actor, arguments)],
                                       fence=row.fence) for row in asked))
    return desired, [row.id for row in asked], refused


def control_event(row: RunRow, action: str, actor: str, arguments: Mapping[str, Any]) -> Control:
    """The event that says who asked what."""
    return Control(key=f"control.{uuid4().hex[:12]}", turn=row.turn, phase=row.phase, source=actor, action=action,
                   actor=actor, arguments=dict(arguments))


async def inject(services: Services, run_id: str, content: InjectText, *, actor: str, label: str = "",
                 changes: Mapping[str, Scalar] | None = None) -> int:
    """Put something into the world of a run; its next turn takes it.

    Args:
        changes: variables and their new values.

    Returns:
        The command's number.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has ended.
        RunError: a role, group or variable is unknown, or a value is out of bounds.
    """
    plan = await load_plan(services, run_id)
    check_audience(plan, content.audience)
    changes = check_variables(plan, changes or {})
    payload = {"text": content.text, "audience": list(content.audience), "source": content.source, "label": label,
               "set": dict(changes)}
    return await _command(services, run_id, "inject", payload, actor=actor)


async def take_over(services: Services, run_id: str, role: str, *, actor: str) -> int:
    """Let a person play a role from the next turn on.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has ended.
        RunError: there is no such role, it takes no turns, or the template does not allow a person to play it.
    """
    plan = await load_plan(services, run_id)
    check_player(plan, role)
    check_human(role, plan.cast[role].human)
    return await _command(services, run_id, "take-over", {"role": role}, actor=actor, played_by=actor)


async def release(services: Services, run_id: str, role: str, *, actor: str) -> int:
    """Let a model play a role again, also in the turn that the run waits for.

    Raises: as ``take_over``.
    """
    check_player(await load_plan(services, run_id), role)
    return await _command(services, run_id, "release", {"role": role}, actor=actor, played_by=None)


async def _command(services: Services, run_id: str, action: Literal["inject", "take-over", "release"],
                   payload: Mapping[str, Any], *, actor: str, played_by: str | None = None) -> int:
    async with services.database.session() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        check_fits(row, action)
        control = await Controls(session).add(run_id, action.replace("-", "_"), payload, actor=actor)
        if "role" in payload:
            await runs.play_by(run_id, payload["role"], played_by)
        if row.status == "waiting":
            # Whoever is asked sees what arrived, or is not asked any more.
            await runs.desire(run_id, "run")
        return control.id


# -- checks -----------------------------------------------------------------------------------------------------------


def check_player(plan: Plan, role: str) -> None:
    """See that a role is one that takes turns.

    Raises:
        RunError: it is not.
    """
    players = [name for name in plan.cast if name not in plan.watchers]
    if role not in players:
        reason = "takes no turns" if role in plan.cast else "is not in the cast"
        raise RunError(f"{role!r} {reason}", code="run.unknown_role", cure=instead(role, players), role=role)


def check_audience(plan: Plan, audience: Sequence[str]) -> None:
    """See that an audience names roles and groups that there are.

    Raises:
        RunError: it names another.
    """
    known = ("all", *plan.cast, *plan.scenario.groups)
    for name in audience:
        if name not in known:
            raise RunError(f"there is no role or group {name!r}", code="run.unknown_role", role=name,
                           cure=instead(name, known))


def check_variables(plan: Plan, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The values as the variables' types have them.

    Raises:
        RunError: an unknown variable, or a value out of bounds.
    """
    checked: dict[str, Scalar] = {}
    for name, value in values.items():
        variable = plan.scenario.variables.get(name)
        if variable is None:
            raise RunError(f"there is no variable {name!r}", code="run.unknown_variable", variable=name,
                           cure=instead(name, plan.scenario.variables))
        coerced = variable.coerce(value)
        if reason := variable.why_not(coerced):
            raise RunError(f"variable {name!r}: {reason}", code="run.bad_variable", variable=name)
        checked[name] = cast(Scalar, coerced)
    return checked
