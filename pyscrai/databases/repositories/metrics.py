"""What a run took, for each role and in all: computed from its own calls and events, kept when it ends."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, bindparam, cast, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import from_json
from pyscrai.databases.driver_rows import RUNS_AT_ONCE, driver_rows, driver_write, in_groups
from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow
from pyscrai.databases.tables import CallRow, EventRow, RunMetricsRow, RunRow, RunSealRow, table_of

TABLE, CALLS, EVENTS = (table_of(row) for row in (RunMetricsRow, CallRow, EventRow))

UNCOUNTED = ("human", "interview")
"""Purposes of calls that are no cost of the play: what people answered, and what was asked outside of it."""

TOOLS = "tool:%"
"""The pattern of the aliases under which uses of tools are recorded, which no model answered."""

PLAYED = ("utterance", "action", "turn_skipped")
"""Kinds of event by which a role's turn shows in the log."""


class CallFigures(NamedTuple):
    """What of a call counts. ``latency_ms`` is None where it was never answered."""

    role: str
    failed_tries: int
    answered: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: float | None
    latency_ms: float | None


class TurnFigures(NamedTuple):
    """What of an event counts: whose turn it shows, and the words said."""

    role: str
    turn: int
    words: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a role, or of the whole run under the role ``""``; latencies in milliseconds.

    ``calls`` counts answered and unanswered calls, ``errors`` the unanswered ones, ``retries`` all failed tries.
    ``cost_usd`` is None where the cost of any answered call is unknown.
    """

    role: str
    turns: int = 0
    words: int = 0
    calls: int = 0
    retries: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    latency_max_ms: float | None = None


@dataclass(slots=True)
class _Sum:
    calls: list[CallFigures] = field(default_factory=list)
    turns: set[tuple[str, int]] = field(default_factory=set)
    words: int = 0

    def metrics(self, role: str) -> Metrics:
        costs = [call.cost_usd for call in self.calls if call.answered or call.cost_usd is not None]
        known = [cost for cost in costs if cost is not None]
        latencies = sorted(call.latency_ms for call in self.calls if call.latency_ms is not None)
        return Metrics(
            role, len(self.turns), self.words, len(self.calls), sum(call.failed_tries for call in self.calls),
            sum(not call.answered for call in self.calls), sum(call.prompt_tokens for call in self.calls),
            sum(call.cached_tokens for call in self.calls), sum(call.completion_tokens for call in self.calls),
            math.fsum(known) if known and len(known) == len(costs) else None,  # alike in whatever order they stand
            percentile(latencies, 0.5), percentile(latencies, 0.95), latencies[-1] if latencies else None)


def summarize(calls: Iterable[CallFigures], turns: Iterable[TurnFigures]) -> list[Metrics]:
    """The figures of the whole run, then of each role by its name."""
    whole, roles = _Sum(), defaultdict[str, _Sum](_Sum)
    for call in calls:
        whole.calls.append(call)
        roles[call.role].calls.append(call)
    for turn in turns:
        for part in (whole, roles[turn.role]):
            part.turns.add((turn.role, turn.turn))
            part.words += turn.words
    return [whole.metrics(""), *(roles[role].metrics(role) for role in sorted(roles))]


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which this share of ordered values lies, between two of them in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def of_models(calls: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions for those calls of a table, or class of rows, that models answered for the play."""
    return (*(calls.purpose != purpose for purpose in UNCOUNTED), calls.alias.not_like(TOOLS))


class RunMetrics:
    """The metrics of runs. A fork counts what it took itself, not what its shared past took."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, run_id: str) -> list[Metrics]:
        """The figures of a run, of the whole first; see ``of_runs``."""
        return (await self.of_runs([run_id]))[run_id]

    async def of_runs(self, run_ids: Collection[str], roles: Collection[str] | None = None
                      ) -> dict[str, list[Metrics]]:
        """The figures kept of each run; computed now where none were kept, or where more is in its log since.

        Args:
            roles: the roles that matter, ``""`` for the whole; all where it is left out.
        """
        query = select(RunMetricsRow) if roles is None else select(RunMetricsRow).where(
            RunMetricsRow.role.in_({"", *roles}))
        # The seal is made with the figures, and says up to which event they count.
        rows = await self._session.scalars(
            query.join(RunRow, RunRow.id == RunMetricsRow.run_id)
            .join(RunSealRow, RunSealRow.run_id == RunMetricsRow.run_id)
            .where(RunMetricsRow.run_id.in_(run_ids), RunSealRow.last_seq >= RunRow.last_seq)
            .order_by(RunMetricsRow.run_id, RunMetricsRow.role))
        kept: dict[str, list[Metrics]] = {}
        for row in rows:
            kept.setdefault(row.run_id, []).append(
                Metrics(**{name: getattr(row, name) for name in _NAMES}))
        if missing := [run_id for run_id in run_ids if run_id not in kept]:
            kept |= await self.compute(missing)
        return kept if roles is None else {
            run_id: [metrics for metrics in found if metrics.role in roles] for run_id, found in kept.items()}

    async def keep(self, figures: Mapping[str, Sequence[Metrics]]) -> None:
        """Keep the figures of runs in place of those kept before, also with their experiments."""
        rows = [{"run_id": run_id, **{name: getattr(metrics, name) for name in _NAMES}}
                for run_id, all_metrics in figures.items() for metrics in all_metrics]
        whole = [{"run": run_id, "cost": metrics.cost_usd, "sum": metrics.prompt_tokens + metrics.completion_tokens}
                 for run_id, (metrics, *_) in figures.items()]
        await driver_write(self._session, [(_DELETE, whole), (_INSERT, rows), *(
            (statement, whole) for statement in _IN_EXPERIMENTS)])

    async def compute(self, run_ids: Collection[str]) -> dict[str, list[Metrics]]:
        """The figures of each run as of now, of the whole first."""
        found = {}
        for some in in_groups(run_ids, RUNS_AT_ONCE):
            rows = await driver_rows(self._session, [
                (statement, {"run": run_id}) for run_id in some for statement in (_CALLS, _TURNS)])
            for run_id, calls, turns in zip(some, rows[::2], rows[1::2], strict=True):
                found[run_id] = summarize(map(_call, calls), [_turn(row) for row in turns if row[0]])
        return found


def _call(row: Sequence[Any]) -> CallFigures:
    role, attempts, reason, prompt, cached, completion, cost, latency = row
    return CallFigures(role, len(from_json(attempts)) if attempts else 0, reason is not None, prompt or 0, cached or 0,
                       completion or 0, cost, latency)


def _turn(row: Sequence[Any]) -> TurnFigures:
    source, turn, payload = row
    return TurnFigures(source, turn, len(str(from_json(payload).get("text", "")).split()))


# -- the statements: built once, and on the tables themselves, since every run that ends asks them --------------------

_NAMES = tuple(one.name for one in fields(Metrics))

_DELETE = delete(TABLE).where(TABLE.c.run_id == bindparam("run"))
_INSERT = insert(TABLE)

_CALLS = select(
    CALLS.c.role, cast(CALLS.c.attempts, Text), CALLS.c.finish_reason, CALLS.c.prompt_tokens, CALLS.c.cached_tokens,
    CALLS.c.completion_tokens, CALLS.c.cost_usd, CALLS.c.latency_ms).where(
        CALLS.c.run_id == bindparam("run"), *of_models(CALLS.c))
_TURNS = select(EVENTS.c.source, EVENTS.c.turn, cast(EVENTS.c.payload, Text)).where(
    EVENTS.c.run_id == bindparam("run"), or_(*(EVENTS.c.kind == kind for kind in PLAYED)))

_IN_EXPERIMENTS = [update(table).where(table.c.run_id == bindparam("run")).values(
    cost_usd=bindparam("cost"), tokens=bindparam("sum"))
    for table in map(table_of, (ExperimentCellRow, ExperimentPastRow))]
