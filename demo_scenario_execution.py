"""Plays one scenario from start to finish, then shows what the database holds and the Analyst's report.

    python demo_scenario_execution.py [SCENARIO] [--model ALIAS] [--seed N]

Everything the demo does is also a command: see the last lines that it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.errors import PyscraiError
from pyscrai.exports.transcript_entry import titled
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services

LONG = 20
"""Characters of an argument that is not shown beside what was said."""


class Teller:
    """Prints the events of one run as they come."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._names: dict[str, str] = {}

    def __call__(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        for event in events if run_id == self._run_id else ():
            if (line := self._line(event)) is not None:
                print(textwrap.fill(line, 100, subsequent_indent="      ", replace_whitespace=False), flush=True)

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


async def play(services: Services, scenario: str, options: RunOptions) -> str:
    """Make a run from the stored template and play it; its id."""
    run_id = await create_scenario_run_from_template(services, scenario, options)
    services.writer.subscribe(Teller(run_id))
    print(f"Run {run_id} of {scenario}. A turn takes a few seconds on a CPU.\n")
    async with open_run(services, run_id) as runner:
        result = await runner.play()
    print(f"\nThe run is {result.status}: {(result.outcome or result.error or {}).get('reason', '')}")
    return run_id


async def show_record(services: Services, run_id: str) -> None:
    """Print what the database holds of the run, and the report."""
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
    print("\nWhat the database holds of it:")
    for table, (number, what) in rows.items():
        print(textwrap.fill(f"  {table:<16}{number:>4}   {', '.join(what)}", 100, subsequent_indent=" " * 25))
    report = next((event.payload["markdown"] for event in events if event.kind == "report"), None)
    print("\nThe Analyst's report:\n")
    print(textwrap.indent(report or "(this scenario has no Analyst)", "  "))


async def main() -> int:
    """Run the demo; the exit code."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("scenario", nargs="?", default="used-car-negotiation")
    words.add_argument("--model", help="a model alias, embedded-tiny say, or openai:MODEL")
    words.add_argument("--seed", type=int, default=7)
    given = words.parse_args()
    async with open_services(load_settings()) as services:
        run_id = await play(services, given.scenario, RunOptions(model=given.model, seed=given.seed))
        await show_record(services, run_id)
    print("\nLook further, after `source .venv/bin/activate`:")
    for command in ("show", "calls", "metrics", "replay"):
        print(f"  pyscrai {command} {run_id}")
    print(f"  pyscrai export {run_id} --format html > run.html")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except PyscraiError as error:
        sys.exit(f"{error.code}: {error}")
