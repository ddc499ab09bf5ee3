"""The seat of a person who plays one role: what it may see of a run, and nothing else.

A seat sees what its role hears, as words and values. Conditions, labels, seeds, models and the numbers of what it does
not hear are the exercise's business and stay out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import RunRow
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.view import seen_variables
from pyscrai.errors import NotFound, RunError
from pyscrai.factories.scenario_factory import load_plan
from pyscrai.factories.services import Services
from pyscrai.lifecycle import check_fits
from pyscrai.services.controls import take_over
from pyscrai.services.replies import asked_at
from pyscrai.services.run_checks import check_player
from pyscrai.services.run_states import moment, waiting_requests

SCOPE = "seat:"
"""How the scope of a seat's token begins; run and role follow."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A role of a run, and the person who sits there."""

    run_id: str
    role: str
    person: str


def seat_of(scopes: Iterable[str], name: str) -> Seat | None:
    """The seat that a token with these scopes is bound to; None where it is no seat's token."""
    for scope in scopes:
        if scope.startswith(SCOPE):
            run_id, _, role = scope.removeprefix(SCOPE).partition(":")
            return Seat(run_id, role, name.partition("@")[0])
    return None


async def offer_seat(services: Services, run_id: str, role: str, *, person: str) -> tuple[Seat, str]:
    """A token that is bound to the role of the run, told this once; the person plays it from the next turn on.

    Raises:
        NotFound: there is no such run.
        RunError: there is no such role, it takes no turns, or somebody else plays it.
        WrongState: the run has ended.
    """
    plan = await load_plan(services, run_id)
    check_player(plan, role)
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        check_fits(run_id, row.status, row.desired, "take-over")
        cast = {each.role: each.played_by for each in await runs.cast(run_id)}
    if cast[role] == "model":
        await take_over(services, run_id, role, actor=person)
    elif cast[role] not in ("", person):
        raise RunError(f"{cast[role]} plays {role}", code="run.seat_taken",
                       cure=f"offer the seat to {cast[role]}, or release the role first")
    async with services.database.session() as session:
        keys = ApiKeys(session)
        taken = {row.name for row in await keys.list()}
        base = f"{person}@{run_id}/{role}"
        name = next(name for name in _numbered(base) if name not in taken)
        _, token = await keys.create(name, [f"{SCOPE}{run_id}:{role}"])
    return Seat(run_id, role, person), token


def _numbered(base: str) -> Iterable[str]:
    yield base
    number = 2
    while True:
        yield f"{base}.{number}"
        number += 1


# -- what a seat sees -------------------------------------------------------------------------------------------------


_ASKED = ("role", "name", "turn", "task", "phase", "note", "schema", "choices", "about", "detail", "ordinal",
          "proposal", "problem")
"""What of a request is not in the view anyway; nothing of what another role knows whose proposal is decided about."""


async def seat_view(services: Services, seat: Seat) -> dict[str, Any]:
    """The state of the run as its role knows it, and the request to the role where the run waits for it."""
    plan = await load_plan(services, seat.run_id)
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(seat.run_id)
        names = {each.role: each.name for each in await runs.cast(seat.run_id)}
        template = await scenario_templates(session).by_id(row.scenario_template_id)
    asked = asked_at(seat.role, await waiting_requests(services, seat.run_id)) if row.status == "waiting" else []
    request = {name: asked[0].get(name) for name in _ASKED} if asked else None
    phase = plan.phases.get(row.phase)
    return {
        "role": seat.role, "name": names[seat.role], "person": seat.person,
        "title": template.content.get("title") or template.name.replace("-", " ").capitalize(),
        "status": "ended" if row.ended_at else "asked" if request else "going_on" if row.status in (
            "running", "waiting") else "standing",
        "turn": row.turn, "phase": _title(plan, row.phase) if phase else "",
        "secret": plan.cast[seat.role].secret,
        "variables": seen_variables(plan, await _state(services, plan, row), seat.role),
        "cast": {role: name for role, name in names.items() if role not in plan.watchers}, "request": request}


async def _state(services: Services, plan: Plan, row: RunRow) -> Mapping[str, Any]:
    """The part of a run's state that decides on what a role sees; all of it where groups have conditions."""
    if plan.conditional:
        try:
            return (await moment(services, row.id)).values
        except NotFound:
            pass    # it has not begun
    return {"variables": row.variables, "phase": row.phase, "turn": row.turn}


async def seat_lines(services: Services, seat: Seat, *, after: int = 0, limit: int = 1_000
                     ) -> Sequence[tuple[int, dict[str, Any]]]:
    """The lines that the role heard after an event's id, each with its id, in words that give nothing else away."""
    plan = await load_plan(services, seat.run_id)
    async with services.database.read() as session:
        found = await Events(session).read(seat.run_id, after_id=after or None, kinds=tuple(_LINES),
                                           heard_by=seat.role, limit=limit)
    return [(event.id, {"id": event.id, "turn": event.turn, "kind": event.kind, "source": event.source or "",
                        "to": _to(event, seat.role), **_LINES[event.kind](event.payload),
                        **({"phase": _title(plan, event.phase)} if event.kind == "phase_entered" else {})})
            for event in found]


def _title(plan: Plan, phase: str) -> str:
    found = plan.phases.get(phase)
    return (found.spec.title if found else "") or phase.replace("_", " ").capitalize()


def _to(event: StoredEvent, role: str) -> list[str] | None:
    """The roles that alone heard it, None where all did; of a line to several, only the role's own part is told."""
    if event.audience == "all":
        return None
    return [name for name in event.audience if name != event.source] if event.source == role else [role]


def _words(*names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda payload: {name: payload.get(name) for name in names}


_LINES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "run_started": lambda payload: {"text": payload["premise"]},
    "phase_entered": _words("text"),
    "utterance": _words("name", "text"),
    "action": _words("action", "arguments"),
    "inject": _words("text"),
    "variable_changed": _words("variable", "old", "new"),
    "tool_called": _words("tool", "text"),
    "tool_refused": lambda payload: {"tool": payload["tool"], "text": payload["reason"]},
}
