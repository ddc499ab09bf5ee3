"""What a run took, for each role and in all: computed from its own calls and events, kept when it ends."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import cast

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow
from pyscrai.databases.tables import CallRow, EventRow, RunMetricsRow, RunRow, RunSealRow

TABLE = cast(Table, RunMetricsRow.__table__)

UNCOUNTED = ("human", "interview")
"""Purposes of calls that are no cost of the play: what people answered, and what was asked outside of it."""

PLAYED = ("utterance", "action", "turn_skipped")
"""Kinds of event by which a role's turn shows in the log."""


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What of a call counts. ``latency_ms`` is None where it was never answered."""

    role: str
    failed_tries: int
    answered: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: float | None
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class TurnFigures:
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
    whole, roles = _Sum(), dict[str, _Sum]()
    for call in calls:
        for part in (whole, roles.setdefault(call.role, _Sum())):
            part.calls.append(call)
    for turn in turns:
        for part in (whole, roles.setdefault(turn.role, _Sum())):
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
                Metrics(**{one.name: getattr(row, one.name) for one in fields(Metrics)}))
        if missing := [run_id for run_id in run_ids if run_id not in kept]:
            kept |= await self._compute(missing)
        return kept if roles is None else {
            run_id: [metrics for metrics in found if metrics.role in roles] for run_id, found in kept.items()}

    async def keep(self, run_ids: Collection[str]) -> None:
        """Compute the figures of runs and keep them in place of those kept before, also with their experiment."""
        found = await self._compute(run_ids)
        await self._session.execute(delete(TABLE).where(TABLE.c.run_id.in_(run_ids)))
        await self._session.execute(insert(TABLE), [
            {"run_id": run_id, **{one.name: getattr(metrics, one.name) for one in fields(Metrics)}}
            for run_id, all_metrics in found.items() for metrics in all_metrics])
        whole = select(RunMetricsRow).where(RunMetricsRow.role == "")
        for place in (ExperimentCellRow, ExperimentPastRow):
            own = whole.where(RunMetricsRow.run_id == place.run_id)
            await self._session.execute(update(place).where(place.run_id.in_(run_ids)).values(
                cost_usd=own.with_only_columns(RunMetricsRow.cost_usd).scalar_subquery(),
                tokens=own.with_only_columns(RunMetricsRow.prompt_tokens + RunMetricsRow.completion_tokens)
                .scalar_subquery()), execution_options={"synchronize_session": False})

    async def compute(self, run_id: str) -> list[Metrics]:
        """The figures as of now."""
        return (await self._compute([run_id]))[run_id]

    async def _compute(self, run_ids: Collection[str]) -> dict[str, list[Metrics]]:
        figures: dict[str, list[CallFigures]] = {run_id: [] for run_id in run_ids}
        turns: dict[str, list[TurnFigures]] = {run_id: [] for run_id in run_ids}
        calls = await self._session.execute(select(
            CallRow.run_id, CallRow.role, CallRow.attempts, CallRow.finish_reason, CallRow.prompt_tokens,
            CallRow.cached_tokens, CallRow.completion_tokens, CallRow.cost_usd, CallRow.latency_ms
        ).where(CallRow.run_id.in_(run_ids), CallRow.purpose.not_in(UNCOUNTED)))
        for run_id, role, attempts, reason, prompt, cached, completion, cost, latency in calls:
            figures[run_id].append(CallFigures(role, len(attempts or ()), reason is not None, prompt or 0, cached or 0,
                                               completion or 0, cost, latency))
        events = await self._session.execute(select(
            EventRow.run_id, EventRow.source, EventRow.turn, EventRow.payload
        ).where(EventRow.run_id.in_(run_ids), EventRow.kind.in_(PLAYED)))
        for run_id, source, turn, payload in events:
            if source:
                turns[run_id].append(TurnFigures(source, turn, len(str(payload.get("text", "")).split())))
        return {run_id: summarize(figures[run_id], turns[run_id]) for run_id in run_ids}
