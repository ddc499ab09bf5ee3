"""Measurements and reports of a run that has ended, taken again or for the first time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import RunRow
from pyscrai.did_you_mean import instead
from pyscrai.engines.agents.analyst import Analyst
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.place import Place
from pyscrai.engines.state import Activation
from pyscrai.engines.watcher_runtime import WatcherRuntime
from pyscrai.errors import RunError, WrongState
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.services import Services
from pyscrai.factories.stored_past import StoredPast
from pyscrai.lifecycle import ENDED
from pyscrai.services.run_states import Moment, moment

AGAIN = "again"
"""The prefix of the detail of a later measurement's place."""

RESULTS = ("measurement", "report", "result_missing")


@dataclass(frozen=True, slots=True)
class Results:
    """The events of a measurement that was taken later; ``missing`` says what could not be had."""

    run_id: str
    turn: int
    measurements: Sequence[StoredEvent]
    report: StoredEvent | None
    missing: Sequence[StoredEvent]


async def measure_run(services: Services, run_id: str, measures: Sequence[str] = (), *, report: bool | None = None,
                      model: str | None = None) -> Results:
    """Take measurements and the report of a run as of its last turn.

    Args:
        measures: names of measures, taken whether they were taken before or not; none for what is missing.
        report: whether the report is written; None where it is missing and no measure is named.
        model: the alias to ask instead of the Analyst's own.

    Raises:
        NotFound: there is no such run.
        WrongState: it has not ended, or another process holds it.
        RunError: its scenario has no analysis, or no measure of this name.
        TurnPaused: the Analyst failed and its policy is to pause.
    """
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
    _check_ended(row)
    at = await moment(services, run_id)
    engine = await _analyst(services, at, model)
    async with services.ownership.hold(run_id) as held:
        async with services.database.read() as session:
            _check_ended(await Runs(session).get(run_id))
            events = await Events(session).read(run_id, kinds=RESULTS, from_turn=at.turn, to_turn=at.turn,
                                                inherited=False)
            reports = await Events(session).read(run_id, kinds=["report"], inherited=False, limit=1)
            calls = await Calls(session).read(run_id, roles=[engine.role], from_turn=at.turn, inherited=False)
        pairs = _wanted(engine, events, measures, only_report=bool(report))
        wants_report = _reports(at) and not reports and not measures if report is None else report
        activations = _activations(engine.role, at.turn, events, pairs, report=wants_report)
        record = RunRecord(services.writer, run_id, held.fence, calls=[stored.call for stored in calls])
        runtime = WatcherRuntime(at.plan, {engine.role: engine}, record,
                                 recall=Recall(run=run_id, past=StoredPast(services.database, run_id)))
        if activations:
            await runtime.watch(activations, at.values)
            await services.joint.sum_up(run_id)
    return await _read(services, at.turn, run_id, [Place.of(activation).stem for activation in activations])


def _check_ended(row: RunRow) -> None:
    if row.status not in ENDED:
        raise WrongState(f"{row.id} is {row.status}", code="run.not_ended", run=row.id, status=row.status,
                         cure="measure it when it has ended")


async def _analyst(services: Services, at: Moment, model: str | None) -> Analyst:
    analysis = at.plan.scenario.analysis
    if analysis is None or analysis.by not in at.plan.cast:
        raise RunError(f"{at.run_id} has nobody who measures: its scenario has no `analysis`", code="run.no_analysis",
                       cure="fork it with a scenario that has one, or interview a role")
    instance = at.plan.cast[analysis.by]
    chat = await services.models.get(model or instance.model)
    engine = create_agent_engine(instance, at.plan, chat, tools_allowed=services.settings.tools_allowed,
                                 servers=services.mcp_servers)
    if not isinstance(engine, Analyst):
        raise RunError(f"{analysis.by} is no Analyst", code="run.no_analysis")
    return engine


def _reports(at: Moment) -> bool:
    analysis = at.plan.scenario.analysis
    return analysis is not None and analysis.report


def _wanted(engine: Analyst, events: Sequence[StoredEvent], names: Sequence[str], *, only_report: bool
            ) -> list[tuple[str, str | None]]:
    """The measures to take, each with the role that it is of."""
    analysis = engine.plan.scenario.analysis
    measures = {measure.name: measure for measure in (analysis.measures if analysis else ())}
    for name in names:
        if name not in measures:
            raise RunError(f"there is no measure {name!r}", code="run.unknown_measure", measure=name,
                           cure=instead(name, measures))
    if only_report and not names:
        return []
    taken = {(event.payload["measure"], event.payload.get("of")) for event in events if event.kind == "measurement"}
    return [(name, role) for name, measure in measures.items() if name in names or not names
            for role in engine.subjects(measure) if names or (name, role) not in taken]


def _activations(role: str, turn: int, events: Sequence[StoredEvent], pairs: Collection[tuple[str, str | None]], *,
                 report: bool) -> list[Activation]:
    """The Analyst's activations, at places of their own: the first ones are the play's."""
    def detail(task: str) -> str:
        stem = f"{Place(turn, role, task, AGAIN).stem}"
        earlier = {event.key.removeprefix(stem).partition(".")[0] for event in events if event.key.startswith(stem)}
        return f"{AGAIN}{max((int(number) for number in earlier if number.isdigit()), default=0) + 1}"

    activations: list[Activation] = []
    if pairs:
        activations.append({"role": role, "task": "measure", "turn": turn, "detail": detail("measure"),
                            "measures": list(dict.fromkeys(name for name, _ in pairs)),
                            "pairs": [list(pair) for pair in pairs]})
    if report:
        activations.append({"role": role, "task": "report", "turn": turn, "detail": detail("report")})
    return activations


async def _read(services: Services, turn: int, run_id: str, stems: Sequence[str]) -> Results:
    async with services.database.read() as session:
        events = await Events(session).read(run_id, kinds=RESULTS, from_turn=turn, to_turn=turn, inherited=False)
    found = [event for event in events if any(event.key == stem or event.key.startswith(f"{stem}.") for stem in stems)]
    kinds: Mapping[str, list[Any]] = {kind: [event for event in found if event.kind == kind] for kind in RESULTS}
    return Results(run_id, turn, kinds["measurement"], next(iter(kinds["report"]), None), kinds["result_missing"])
