"""``pyscrai demo``: plays one scenario from start to finish, then shows what the database holds of it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.services import opened_services
from pyscrai.cli.terminal import output
from pyscrai.config.settings import load_settings
from pyscrai.exports.transcript_entry import titled

if TYPE_CHECKING:
    from pyscrai.databases.stored_event import StoredEvent
    from pyscrai.factories.run_options import RunOptions
    from pyscrai.factories.services import Services

LONG = 20
"""Characters of an argument that is not shown beside what was said."""

WIDTH = 100


async def demo(
    scenario: Annotated[str, Parameter(help="A shipped or stored scenario.")] = "used-car-negotiation", /, *,
    model: Annotated[str | None, Parameter(help="A model alias, or PROVIDER:MODEL.")] = None,
    seed: Annotated[int, Parameter(help="Seed of chance, and of models that can repeat themselves.")] = 7,
) -> Exit:
    """Play a scenario to its end, then show what the database holds of it and the Analyst's report."""
    from pyscrai.cli.commands.models import install
    from pyscrai.factories.run_options import RunOptions
    from pyscrai.llm.embedded.weights import installed

    settings = load_settings()
    alias = settings.alias(model)
    if alias.kind == "embedded" and not installed(alias.model, settings.cache_dir):
        await install(alias.model)
    async with opened_services() as services:
        run_id, completed = await play(services, scenario, RunOptions(model=model, seed=seed))
        await show_record(services, run_id)
    output.say(f"\nLook further{_activated()}:")
    for command in ("show", "calls", "metrics", "replay"):
        output.say(f"  pyscrai {command} {run_id}")
    output.say(f"  pyscrai export {run_id} --format html > run.html")
    output.say(f"  pyscrai view {run_id}")
    return Exit.COMPLETED if completed else Exit.FAILED


def _activated() -> str:
    """A word on what is to be done first, where the command is in an environment that is not active."""
    if shutil.which("pyscrai"):
        return ""
    return f", after `source {os.path.relpath(Path(sys.executable).parent)}/activate`"


class Teller:
    """Prints the events of one run as they come."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._names: dict[str, str] = {}

    def __call__(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        for event in events if run_id == self._run_id else ():
            if (line := self._line(event)) is not None:
                hanging = "" if event.kind == "run_started" else "      "
                shown = textwrap.fill(line, WIDTH, subsequent_indent=hanging, replace_whitespace=False)
                output.write([f"{shown}\n"])  # at once

    def _line(self, event: StoredEvent) -> str | None:
        said, who = event.payload, self._names.get(event.source or "", event.source)
        match event.kind:
            case "run_started":
                self._names = said["roles"]
                return str(said["premise"])
            case "phase_entered":
                return f"\n— {event.phase.replace('_', ' ')} —"
            case "utterance":
                return f"{who}: {said['text']}"
            case "action":
                # A long text is what the line above has put into words.
                told = ", ".join(f"{value} {name}" for name, value in said["arguments"].items()
                                 if len(str(value)) < LONG)
                return f"   → {titled(said['action'])}: {told}" if told else None
            case "inject":
                return f"[{said['text']}]"
            case "assessment":
                return f"   (unheard, {who} notes: {said['summary']})"
        return None


async def play(services: Services, scenario: str, options: RunOptions) -> tuple[str, bool]:
    """Make a run from the stored template and play it; its id, and whether it was completed."""
    from pyscrai.engines.orchestration.engine_manager import EngineManager
    from pyscrai.factories.scenario_factory import create_scenario_run_from_template
    from pyscrai.services.run_registry import StoredRunRegistry

    run_id = await create_scenario_run_from_template(services, scenario, options)
    services.writer.subscribe(Teller(run_id))
    output.say(f"Run {run_id} of {scenario}. A turn takes a few seconds on a CPU.\n")
    async with EngineManager(StoredRunRegistry(services, only=run_id), capacity=1) as manager:
        result = await manager.play(run_id)
    assert result is not None, "a new run has everything to do"
    output.say(f"\nThe run is {result.status}: {(result.outcome or result.error or {}).get('reason', '')}")
    return run_id, result.status == "completed"


async def show_record(services: Services, run_id: str) -> None:
    """Print what the database holds of the run, and the report."""
    from pyscrai.databases.repositories.calls import Calls
    from pyscrai.databases.repositories.events import Events
    from pyscrai.databases.repositories.measurements import Measurements
    from pyscrai.databases.repositories.metrics import RunMetrics
    from pyscrai.databases.repositories.runs import Runs

    async with services.database.read() as session:
        events = await Events(session).read(run_id)
        calls = await Calls(session).read(run_id)
        cast = await Runs(session).cast(run_id)
        measured = await Measurements(session).read(run_id)
        figures = await RunMetrics(session).read(run_id)
    kinds = Counter(event.kind for event in events).most_common(4)
    whole = next(each for each in figures if each.role == "")
    rows = {
        "agent_instances": (len(cast), [f"{member.name} ({member.engine})" for member in cast]),
        "events": (len(events), [f"{number} {kind}" for kind, number in kinds]),
        "llm_calls": (len(calls), [
            f"{whole.prompt_tokens} prompt tokens, {whole.cached_tokens} of them from the model's cache",
            f"{whole.completion_tokens} tokens of replies"]),
        "measurements": (len(measured), [
            f"{row.measure} of {row.of or 'the play'} = {row.category or row.number}" for row in measured]),
        "run_metrics": (len(figures), ["one for each role and one in all"]),
    }
    output.say("\nWhat the database holds of it:")
    for table, (number, what) in rows.items():
        output.say(textwrap.fill(f"  {table:<16}{number:>4}   {', '.join(what)}", WIDTH, subsequent_indent=" " * 25))
    report = next((event.payload["markdown"] for event in events if event.kind == "report"), None)
    output.say("\nThe Analyst's report:\n")
    output.say(textwrap.indent(report or "(this scenario has no Analyst)", "  "))
