"""Many runs as tidy tables: a row a run, a measurement or a turn; parameters, seed and variables are columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.metrics import Metrics, RunMetrics
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.tables import EventRow, MeasurementRow, RunRow
from pyscrai.exports.json_text import dumps
from pyscrai.templates.cel.scope import members
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.variable import Domain, Variable

Rows = list[dict[str, Any]]
Extra = Mapping[str, Any]
"""Columns of a run that its row does not have: what it is in an experiment."""

AT_ONCE = 500
TYPES: Mapping[str, pa.DataType] = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
                                    "string": pa.string(), "list": pa.string(), "map": pa.string()}
RUN = [("run_id", pa.string()), ("parent_run_id", pa.string()), ("fork_turn", pa.int64()), ("template", pa.string()),
       ("name", pa.string()), ("seed", pa.int64())]
COURSE = [("status", pa.string()), ("outcome", pa.string()), ("limit", pa.bool_()), ("turns", pa.int64()),
          ("calls", pa.int64()), ("words", pa.int64()), ("tokens", pa.int64()), ("cost_usd", pa.float64()),
          ("seconds", pa.float64()), ("error", pa.string()), ("started_at", pa.timestamp("ms", tz="UTC")),
          ("ended_at", pa.timestamp("ms", tz="UTC"))]
MEASUREMENT = [("run_id", pa.string()), ("turn", pa.int64()), ("measure", pa.string()), ("of", pa.string()),
               ("number", pa.float64()), ("category", pa.string()), ("source", pa.string()), ("judge", pa.string()),
               ("pass", pa.int64()), ("rationale", pa.string()), ("evidence", pa.list_(pa.string()))]
TURN = [("run_id", pa.string()), ("turn", pa.int64()), ("phase", pa.string())]


@dataclass(slots=True)
class RunSet:
    """Runs to be tabulated, read a portion at a time.

    Args:
        portions: gives the runs, each with its extra columns.
        extra: names and types of the extra columns; they stand first.
    """

    scenarios: Mapping[int, tuple[str, ScenarioTemplate]]
    portions: Callable[[AsyncSession], AsyncIterator[list[tuple[RunRow, Extra]]]]
    extra: Sequence[tuple[str, pa.DataType]] = ()
    own_measurements: Callable[[AsyncSession, Sequence[str]], Any] | None = None
    """More rows of measurements for some runs: what judges gave them."""
    _columns: dict[str, list[tuple[str, pa.DataType]]] = field(default_factory=dict)

    def domains(self, kind: str) -> list[tuple[str, pa.DataType]]:
        """The columns of all parameters or variables; a name that has two types in two scenarios is text."""
        found: dict[str, set[str]] = defaultdict(set)
        for _, scenario in self.scenarios.values():
            domains: Mapping[str, Domain] = getattr(scenario, kind)
            for name, domain in domains.items():
                for column in _columns(name, domain, scenario):
                    found[column].add(domain.type)
        prefix = {"parameters": "param_", "variables": "var_"}[kind]
        return [(prefix + name, TYPES[next(iter(types))] if len(types) == 1 else pa.string())
                for name, types in found.items()]

    def schema(self, table: str) -> pa.Schema:
        """The columns of ``runs``, ``measurements`` or ``turns``."""
        if table == "runs":
            columns = [*RUN, *self.domains("parameters"), *COURSE, *self.domains("variables")]
        elif table == "measurements":
            columns = list(MEASUREMENT)
        else:
            columns = [*TURN, *self.domains("parameters"), *self.domains("variables")]
        return pa.schema([*self.extra, *columns])

    async def batches(self, session: AsyncSession, table: str) -> AsyncIterator[pa.RecordBatch]:
        """The rows of a table, a portion at a time."""
        schema = self.schema(table)
        reader = {"runs": self._runs, "measurements": self._measurements, "turns": self._turns}[table]
        async for portion in self.portions(session):
            rows = await reader(session, portion)
            yield pa.RecordBatch.from_pylist(_fitting(rows, schema), schema=schema)

    async def _runs(self, session: AsyncSession, portion: Sequence[tuple[RunRow, Extra]]) -> Rows:
        ids = [run.id for run, _ in portion]
        metrics = {run_id: whole for run_id, [whole] in (await RunMetrics(session).of_runs(ids, [""])).items()}
        return [{**extra, **self._facts(run), **self._course(run, metrics.get(run.id))} for run, extra in portion]

    def _facts(self, run: RunRow) -> dict[str, Any]:
        reference, _ = self.scenarios[run.scenario_template_id]
        return {"run_id": run.id, "parent_run_id": run.parent_run_id, "fork_turn": run.fork_turn, "template": reference,
                "name": run.name, "seed": run.seed,
                **{f"param_{name}": value for name, value in run.parameters.items()},
                **_cells(run.variables, self.scenarios[run.scenario_template_id][1])}

    @staticmethod
    def _course(run: RunRow, metrics: Metrics | None) -> dict[str, Any]:
        outcome = run.outcome or {}
        seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
        return {"status": run.status, "outcome": outcome.get("label"), "turns": run.turn, "seconds": seconds,
                "limit": outcome.get("limit"), "error": (run.error or {}).get("message"), "started_at": run.started_at,
                "ended_at": run.ended_at, "calls": metrics and metrics.calls, "words": metrics and metrics.words,
                "tokens": metrics and metrics.prompt_tokens + metrics.completion_tokens,
                "cost_usd": metrics and metrics.cost_usd}

    async def _measurements(self, session: AsyncSession, portion: Sequence[tuple[RunRow, Extra]]) -> Rows:
        ids = [run.id for run, _ in portion]
        extras = {run.id: extra for run, extra in portion}
        found = await session.scalars(select(MeasurementRow).where(MeasurementRow.run_id.in_(ids)).order_by(
            MeasurementRow.run_id, MeasurementRow.seq))
        rows = [{**extras[row.run_id], "run_id": row.run_id, "turn": row.turn, "measure": row.measure, "of": row.of,
                 "number": row.number, "category": row.category, "source": row.source, "rationale": row.rationale,
                 "evidence": row.evidence} for row in found]
        if self.own_measurements is not None:
            rows += [{**extras[row["run_id"]], **row} for row in await self.own_measurements(session, ids)]
        places = {run_id: place for place, run_id in enumerate(ids)}
        return sorted(rows, key=lambda row: places[row["run_id"]])

    async def _turns(self, session: AsyncSession, portion: Sequence[tuple[RunRow, Extra]]) -> Rows:
        ids = [run.id for run, _ in portion]
        parents = await session.scalars(select(RunRow).where(
            RunRow.id.in_({run.parent_run_id for run, _ in portion if run.parent_run_id})))
        began = {row.id: row for row in parents}
        table = EventRow.__table__.c
        events = await session.execute(select(table.run_id, table.kind, table.turn, table.phase, table.payload).where(
            table.run_id.in_(ids), table.kind.in_(("variable_changed", "phase_entered"))).order_by(
                table.run_id, table.seq))
        changes: dict[str, list[Any]] = defaultdict(list)
        for event in events:
            changes[event.run_id].append(event)
        rows: Rows = []
        for run, extra in portion:
            rows += _turn_rows(run, extra, self.scenarios[run.scenario_template_id][1],
                               began.get(run.parent_run_id or ""), changes[run.id])
        return rows


def _turn_rows(run: RunRow, extra: Extra, scenario: ScenarioTemplate, parent: RunRow | None, events: Iterable[Any]
               ) -> Rows:
    """A row for each turn that the run played itself, from the one at which it began."""
    values = {name: variable.first(members(variable.holders, scenario))
              for name, variable in scenario.variables.items()}
    values |= dict(parent.variables) if parent else dict(run.settings.get("variables") or {})
    start = run.fork_turn or 0
    phase = parent.phase if parent else scenario.flow.start
    by_turn: dict[int, list[Any]] = defaultdict(list)
    for event in events:
        by_turn[max(event.turn, start)].append(event)
    fixed = {"run_id": run.id, **{f"param_{name}": value for name, value in run.parameters.items()}}
    rows = []
    for turn in range(start, run.turn + 1):
        for event in by_turn[turn]:
            if event.kind == "variable_changed":
                values[event.payload["variable"]] = event.payload["new"]
            else:
                phase = event.phase
        rows.append({**extra, **fixed, "turn": turn, "phase": phase, **_cells(values, scenario)})
    return rows


def _columns(name: str, domain: Domain, scenario: ScenarioTemplate) -> list[str]:
    """The columns of a variable or parameter: one, or one for each role that has a value of its own."""
    if not isinstance(domain, Variable) or not domain.per_role:
        return [name]
    return [f"{name}.{role}" for role in members(domain.holders, scenario)]


def _cells(values: Mapping[str, Any], scenario: ScenarioTemplate) -> dict[str, Any]:
    """Variables as cells: a value for each role in columns of their own, lists and maps as JSON."""
    cells: dict[str, Any] = {}
    for name, value in values.items():
        variable = scenario.variables.get(name)
        if variable is not None and variable.per_role and isinstance(value, Mapping):
            cells |= {f"var_{name}.{role}": one if variable.type not in ("list", "map") else dumps(one)
                      for role, one in value.items()}
        else:
            cells[f"var_{name}"] = dumps(value) if isinstance(value, list | dict) else value
    return cells


def _fitting(rows: Rows, schema: pa.Schema) -> Rows:
    """Rows of which every value has its column's type."""
    texts = {field.name for field in schema if field.type == pa.string()}
    numbers = {field.name for field in schema if field.type == pa.float64()}
    return [{name: _sound(value) if name in texts and value is not None
             else float(value) if name in numbers and value is not None else value
             for name, value in row.items() if name in schema.names} for row in rows]


def _sound(value: Any) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


async def runs_of_query(session: AsyncSession, query: Any, *, extra: Extra | None = None) -> RunSet:
    """The runs of a query over ``RunRow``, in the order of their making."""
    numbers = set(await session.scalars(select(RunRow.scenario_template_id).where(
        RunRow.id.in_(query.with_only_columns(RunRow.id))).distinct()))

    async def portions(session: AsyncSession) -> AsyncIterator[list[tuple[RunRow, Extra]]]:
        after = ""
        while found := (await session.scalars(query.where(RunRow.id > after).order_by(RunRow.id).limit(AT_ONCE))).all():
            yield [(run, extra or {}) for run in found]
            after = found[-1].id
            session.expunge_all()

    return RunSet(await scenarios_of(session, numbers), portions)


async def scenarios_of(session: AsyncSession, numbers: Iterable[int]) -> dict[int, tuple[str, ScenarioTemplate]]:
    """Scenario templates by their row's number, each with its reference."""
    found = {}
    for number in sorted(numbers):
        row = await scenario_templates(session).by_id(number)
        found[number] = (f"{row.name}@{row.version}", ScenarioTemplate.model_validate(row.content))
    return found
