"""Plays one scenario from start to finish, then shows what the database holds and the Analyst's report.

    python demo_scenario_execution.py [SCENARIO] [--model ALIAS] [--seed N]

Everything the demo does is also a command: see the last lines that it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import textwrap

from pyscrai.config import load_settings
from pyscrai.databases.repositories.metrics import Metrics
from pyscrai.databases.stored import StoredEvent
from pyscrai.errors import PyscraiError
from pyscrai.factories.casting import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services

HEARD = {"utterance": "{name}: {text}", "inject": "[{text}]", "action": "({action} {arguments})"}
ASIDE = {"phase_entered": "— {phase} —", "assessment": "   (the Analyst notes: {summary})"}


def tell(event: StoredEvent) -> None:
    """Print an event as it comes."""
    fields = {"phase": event.phase.replace("_", " "), **event.payload}
    form = HEARD.get(event.kind) or ASIDE.get(event.kind)
    if form is None:
        return
    indent = "\n" if event.kind == "phase_entered" else ""
    print(indent + textwrap.fill(form.format(**fields), 100, subsequent_indent="      "), flush=True)


async def play(services: Services, scenario: str, options: RunOptions) -> str:
    """Make a run from the stored template and play it; its id."""
    run_id = await create_scenario_run_from_template(services, scenario, options)
    services.writer.subscribe(lambda of, events: [tell(event) for event in events if of == run_id])
    print(f"Run {run_id} of {scenario}. A turn takes a few seconds on a CPU.")
    async with open_run(services, run_id) as runner:
        result = await runner.play()
    print(f"\nThe run is {result.status}: {(result.outcome or result.error or {}).get('reason', '')}")
    return run_id


async def show_record(services: Services, run_id: str) -> None:
    """Print what the database holds of the run, and the report."""
    async with services.database.read() as session:
        held = await Metrics(session).record_of(run_id)
    print("\nWhat the database holds of it:")
    for table, rows in held.rows.items():
        print(f"  {table:<18} {rows:>5} rows")
    print(f"  {held.metrics.calls} model calls, {held.metrics.prompt_tokens} prompt tokens "
          f"({held.metrics.cached_tokens} of them from the cache), {held.metrics.completion_tokens} tokens of replies")
    print("\nThe Analyst's report:\n")
    print(textwrap.indent(held.report or "(this scenario has no Analyst)", "  "))


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
    print(f"\nLook further:\n  pyscrai show {run_id}\n  pyscrai calls {run_id}\n  pyscrai metrics {run_id}\n"
          f"  pyscrai replay {run_id}\n  pyscrai export {run_id} --format html > run.html")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except PyscraiError as error:
        sys.exit(f"{error.code}: {error}")
