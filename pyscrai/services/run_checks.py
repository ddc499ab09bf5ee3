"""Checks of what people name when they ask something of a run: roles, audiences, variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from pyscrai.did_you_mean import instead
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.errors import RunError
from pyscrai.templates.models.base import Scalar


def check_player(plan: Plan, role: str) -> None:
    """Check that a role is one that a person can sit for: it takes turns, or decides about what others propose.

    Raises:
        RunError: it is not.
    """
    deciding = {member.approve for member in plan.cast.values()}
    players = [name for name in plan.cast if name not in plan.watchers or name in deciding]
    if role not in players:
        reason = "takes no turns" if role in plan.cast else "is not in the cast"
        raise RunError(f"{role!r} {reason}", code="run.unknown_role", cure=instead(role, players), role=role)


def check_audience(plan: Plan, audience: Sequence[str]) -> None:
    """Check that an audience names roles and groups that there are.

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
