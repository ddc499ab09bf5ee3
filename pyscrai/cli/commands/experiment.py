"""``pyscrai experiment``: check, plan, freeze, run, pause and cancel experiments."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.experiment_argument import Experiment, opened
from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.cli.views.problem_list import ProblemForm, form_of, print_problems
from pyscrai.errors import TemplateError

if TYPE_CHECKING:
    from pyscrai.factories.services import Services
    from pyscrai.services.experiments.experiment_plan import ExperimentPlan

app = App(name="experiment", help="Compare arms over many runs: check, plan, freeze, run, judge, report, verify.\n\n"
          "Exit codes: 0 complete, 1 something failed, 2 the file or command is wrong, 3 incomplete, 130 interrupted.")

Parallel = Annotated[int | None, Parameter(help="Play this many runs at once.")]

LOOKING = {
    "judge": "Score finished transcripts again, blind, with the same or other judges; or add people's labels.",
    "results": "Compute the contrasts anew and print them; with --table and --output write a table.",
    "report": "Write the report: Markdown, one HTML page that needs nothing else, or a folder with everything.",
    "verify": "Replay a sample of the runs from the record and compute every number again.",
    "show": "Print an experiment as it was declared.",
    "list": "List the stored experiments, and those that ship.",
}
for _name, _text in LOOKING.items():
    app.command(f"pyscrai.cli.commands.experiment_results:{_name.replace('list', 'list_')}", name=_name, help=_text)


@app.command
async def check(files: Annotated[Sequence[Path], Parameter(name="FILE", help="Experiment files.")], /, *,
                strict: Annotated[bool, Parameter(help="Warnings count as errors.")] = False,
                format: ProblemForm = None, as_json: AsJson = False) -> Exit:
    """Check experiment files and name every mistake, with its line and what to do about it."""
    from pyscrai.cli.services import opened_services
    from pyscrai.experiments.reader import load_experiment
    from pyscrai.services.experiments.experiment_store import check_loaded

    form, problems = form_of(format, as_json=as_json), []
    async with opened_services() as services:
        for file in files:
            try:
                problems += await check_loaded(services, load_experiment(file, draft=True))
            except TemplateError as error:
                problems += error.problems
    return print_problems(problems, counted=len(files), what="experiment", form=form, strict=strict)


@app.command
async def plan(experiment: Experiment, /, *,
               pilot: Annotated[int, Parameter(help="Play this many pasts of their own first, to learn what a run "
                                                    "costs and how far pairs differ.")] = 0,
               parallel: Parallel = None, as_json: AsJson = False) -> Exit:
    """Say what an experiment is, what it will take, and the smallest effect that it can find."""
    from pyscrai.cli.views.experiment_text import forecast_lines
    from pyscrai.experiments.reader import LoadedExperiment
    from pyscrai.services.experiments.forecast import forecast, store_pilot

    async with opened(experiment) as (services, stored):
        if pilot:
            few = await store_pilot(services, LoadedExperiment(stored.spec, source=stored.row.source or ""), pilot)
            await _play(services, few, parallel=parallel, as_json=as_json, judged=False)
        found = await forecast(services, stored)
    if as_json:
        output.json_line({"experiment_id": stored.id, **found})
    else:
        for line in forecast_lines(stored.spec, found):
            output.tell(line)
    return Exit.COMPLETED


@app.command
async def freeze(experiment: Experiment, /, *, as_json: AsJson = False) -> None:
    """Fix the plan by a hash: plan, templates, models, prompts and analysis. Later changes are deviations."""
    from pyscrai.services.experiments.freeze import freeze_experiment

    async with opened(experiment) as (services, stored):
        frozen = await freeze_experiment(services, stored)
    if as_json:
        output.json_line({"experiment_id": frozen.id, "freeze_hash": frozen.row.freeze_hash,
                          **(frozen.row.frozen or {})})
    else:
        output.say(f"{frozen.spec.name}@{frozen.spec.version} is frozen: {frozen.row.freeze_hash}")


@app.command
async def run(experiment: Experiment, /, *,
              amend: Annotated[bool, Parameter(help="The file has more pasts, arms or repeats than what is frozen; "
                                                    "note each change as a deviation.")] = False,
              no_judge: Annotated[bool, Parameter(help="Play only; `judge` can follow.")] = False,
              parallel: Parallel = None, as_json: AsJson = False) -> Exit:
    """Play what is missing or failed, let it be judged, and analyse it. Ctrl-C pauses; run again to go on."""
    async with opened(experiment, amend=amend) as (services, stored):
        return await _play(services, stored, parallel=parallel, as_json=as_json, judged=not no_judge)


@app.command
async def resume(experiment: Experiment, /, *, parallel: Parallel = None, as_json: AsJson = False) -> Exit:
    """Let a paused experiment go on, here."""
    async with opened(experiment) as (services, stored):
        return await _play(services, stored, parallel=parallel, as_json=as_json, judged=True)


async def _play(services: Services, stored: ExperimentPlan, *, parallel: int | None, as_json: bool, judged: bool
                ) -> Exit:
    from pyscrai.cli.terminal.interruption import Interruption
    from pyscrai.cli.views.experiment_board import ExperimentBoard
    from pyscrai.cli.views.experiment_text import outcome_lines
    from pyscrai.databases.repositories.experiments import Experiments
    from pyscrai.services.experiments.course import run_course
    from pyscrai.services.experiments.experiment_runner import ExperimentRunner
    from pyscrai.services.experiments.run_player import own_manager
    from pyscrai.services.experiments.status import experiment_status

    runners: list[ExperimentRunner] = []

    def stand() -> None:
        for runner in runners:
            runner.halt("pause")

    interruption = Interruption(stand, output.note)
    room = parallel or stored.spec.parallel
    async with own_manager(services, room) as manager, ExperimentBoard(services, stored.id, as_json=as_json):
        with interruption:
            course = asyncio.create_task(run_course(services, manager, stored, parallel=parallel, judged=judged,
                                                    begun=runners.append))
            interruption.guard(course.cancel)
            try:
                await course
            except asyncio.CancelledError:
                output.note("cut off; run it again to go on")
                return Exit.INTERRUPTED
    status = await experiment_status(services, stored.id)
    async with services.database.read() as session:
        results = (await Experiments(session).get(stored.id)).results or {}
    if as_json:
        output.json_line({"type": "end", **status, "contrasts": [
            {name: value for name, value in row.items() if name != "pairs"} for row in results.get("contrasts", ())
            if not stored.row.pilot]})
    else:
        for line in outcome_lines(status, results):
            output.tell(line)
    if interruption.requested.is_set():
        return Exit.INTERRUPTED
    return Exit.COMPLETED if status["complete"] else Exit.INCOMPLETE


@app.command
async def status(experiment: Experiment = "last", /, *, as_json: AsJson = False) -> Exit:
    """Show how far an experiment is: runs by state and arm, interval, spend, time left."""
    from pyscrai.cli.services import opened_services
    from pyscrai.cli.views.experiment_board import board
    from pyscrai.cli.views.experiment_text import reason_lines
    from pyscrai.services.experiments.status import cell_reasons, experiment_status

    async with opened_services() as services:
        found = await experiment_status(services, experiment)
        reasons = await cell_reasons(services, found["experiment_id"])
    if as_json:
        output.json_line(found)
    else:
        output.console().print(board(found), end="")
        for line in reason_lines(reasons):
            output.tell(line)
    return Exit.COMPLETED if found["complete"] else Exit.INCOMPLETE


@app.command
async def pause(experiment: Experiment, /, *, as_json: AsJson = False) -> None:
    """Let an experiment stand, whoever runs it; nothing is lost."""
    await _ask(experiment, "pause", as_json=as_json)


@app.command
async def cancel(experiment: Experiment, /, *, as_json: AsJson = False) -> None:
    """End an experiment for good; what was played stays."""
    await _ask(experiment, "cancel", as_json=as_json)


async def _ask(experiment: str, action: str, *, as_json: bool) -> None:
    from pyscrai.cli.services import opened_services
    from pyscrai.services.experiments.status import ask_experiment

    async with opened_services() as services:
        found = await ask_experiment(services, experiment, action)
    if as_json:
        output.json_line({"experiment_id": found, "asked": action})
    else:
        output.say(f"{found}: {action} is asked for")
