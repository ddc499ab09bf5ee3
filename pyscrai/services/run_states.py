"""A run's states, looked at from outside: now and at any turn, without holding the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.turn_order import GATHER
from pyscrai.errors import NotFound, RunError
from pyscrai.factories.scenario_factory import load_plan, make_graph
from pyscrai.factories.services import Services


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a run when it had played so many turns: the last one of that turn that is no half-done round."""

    run_id: str
    turn: int
    plan: Plan
    values: Mapping[str, Any]
    followed: Mapping[str, Any] | None
    """The state after the superstep that came next, where the run has played on."""


async def moment_before(services: Services, run_id: str, turn: int) -> Moment | None:
    """The last state before a turn that can be gone back to: where all speak at once, the one before the round."""
    return await moment(services, run_id, turn - 1, whole_rounds=True) if turn > 0 else None


async def moment(services: Services, run_id: str, turn: int | None = None, *, whole_rounds: bool = False) -> Moment:
    """The state of a run after a turn, or now; a fork's past is looked up where it was played.

    Args:
        whole_rounds: of a turn in the middle of a round in which all speak at once, take the state before the round.

    Raises:
        NotFound: there is no such run, or it has not played so far.
        RunError: no state of that turn can be gone back to.
    """
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        while turn is not None and row.parent_run_id is not None and row.fork_turn is not None and turn < row.fork_turn:
            row = await runs.get(row.parent_run_id)
    plan = await load_plan(services, row.id)
    graph = await make_graph(services, row.id, plan)
    config = {"configurable": {"thread_id": row.id}}
    if turn is None:
        values = (await graph.aget_state(config)).values
        if not values:
            raise _not_played(run_id, 0, None)
        return Moment(row.id, values.get("turn", 0), plan, values, None)
    found, follower, newest = None, None, None
    async for checkpoint in graph.checkpointer.alist(config):
        values = checkpoint.checkpoint["channel_values"]
        at = values.get("turn")
        if at is None or "clock" not in values:
            continue
        newest = at if newest is None else newest
        if at < turn and not whole_rounds:
            break
        if at <= turn and not _half_done(values):
            found, turn = checkpoint.config, at
            break
        follower = checkpoint.config
    if found is None:
        if newest is None or turn > newest:
            raise _not_played(run_id, turn, newest)
        raise RunError(f"turn {turn} of {run_id} is the middle of a round in which all speak at once",
                       code="run.mid_round", cure="go back to the turn at which the round began or ended", turn=turn)
    values = (await graph.aget_state(found)).values
    followed = (await graph.aget_state(follower)).values if follower is not None else None
    return Moment(row.id, turn, plan, values, followed)


async def state_before_looks(services: Services, run_id: str, turn: int) -> Mapping[str, Any]:
    """The first state in which a turn was played: those who look on have not looked at it yet.

    A fork's past is looked up where it was played, and before the message that such a fork changes, if it is earlier.
    Empty where no such state is kept.
    """
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        while row.parent_run_id is not None and row.fork_turn is not None and turn <= row.fork_turn:
            message = (row.settings.get("edits") or {}).get("message") or {}
            turn = min(turn, message["turn"]) if message.get("retaken") else turn
            row = await runs.get(row.parent_run_id)
    graph = await make_graph(services, row.id, await load_plan(services, row.id))
    first = None
    async for checkpoint in graph.checkpointer.alist({"configurable": {"thread_id": row.id}}):
        values = checkpoint.checkpoint["channel_values"]
        if values.get("turn") is None or "clock" not in values:
            continue
        if values["turn"] < turn:
            break
        first = checkpoint.config
    return (await graph.aget_state(first)).values if first is not None else {}


async def waiting_requests(services: Services, run_id: str) -> Sequence[Mapping[str, Any]]:
    """The requests to people of a run that waits: one for each role whose turn it is.

    Raises:
        NotFound: there is no such run.
    """
    plan = await load_plan(services, run_id)
    graph = await make_graph(services, run_id, plan)
    state = await graph.aget_state({"configurable": {"thread_id": run_id}})
    return [pending.value for task in state.tasks for pending in task.interrupts]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The difference of two states: for each channel the old and the new value; of the lines only new ones."""
    changed: dict[str, Any] = {}
    for name in sorted({*before, *after}):
        if name == "messages":
            known = {line["id"]: line for line in before.get(name) or ()}
            lines = [line for line in after.get(name) or () if known.get(line["id"]) != line]
            if lines:
                changed[name] = {"added": lines}
        elif before.get(name) != after.get(name):
            changed[name] = {"before": before.get(name), "after": after.get(name)}
    return changed


def _half_done(values: Mapping[str, Any]) -> bool:
    following = values.get("next") or ()
    return bool(values.get("moves")) or any(activation["role"] == GATHER for activation in following)


def _not_played(run_id: str, turn: int, newest: int | None) -> NotFound:
    there = "it has not begun" if newest is None else f"it has played {newest} turns"
    return NotFound(f"{run_id} has no turn {turn}: {there}", cure="read a turn that was played")
