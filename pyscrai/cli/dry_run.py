"""``pyscrai run --dry-run``: the flow of a scenario, played by the scripted model, with nothing stored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyscrai.cli.exit_codes import Exit, of_run
from pyscrai.cli.scenario_argument import rehearsed
from pyscrai.cli.terminal import output
from pyscrai.cli.views.json_view import JsonView
from pyscrai.cli.views.lines_view import LinesView
from pyscrai.cli.views.view import Closing, Opening, RunView
from pyscrai.exports.transcript_entry import titled
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.services.dry_runs import dry_run

if TYPE_CHECKING:
    from pyscrai.events import Event

DRY_RUN = "dry run"


async def rehearse(scenario: str, options: RunOptions, *, as_json: bool) -> Exit:
    """Play a scenario to its end in memory and show it; every line is the scripted model's.

    Raises:
        TemplateError, RunError, NotFound: as for a real run.
    """
    template, find_agent = await rehearsed(scenario, options.cast.values())
    options = replace(options, seed=1 if options.seed is None else options.seed)
    cast = make_run_spec(template, options, find_agent, model="scripted").cast
    view = _view(as_json=as_json)
    view.opened(Opening(
        DRY_RUN, template.title or titled(template.name), f"{template.name}@{template.version}",
        [{"role": role, "name": each.name, "engine": each.engine, "model": "scripted"} for role, each in cast.items()],
        {name: phase.title for name, phase in template.flow.phases.items() if phase.title}))
    seq = 0

    def hear(events: Sequence[Event]) -> None:
        nonlocal seq
        for event in events:
            seq += 1
            view.event({"seq": seq, **event.model_dump(mode="json")})

    begun = time.monotonic()
    try:
        result, _ = await dry_run(template, find_agent, options, hear=hear)
    finally:
        view.suspend()
    view.closed(Closing(
        DRY_RUN, result.status, dict(result.outcome) if result.outcome else None,
        {"turns": (result.outcome or {}).get("turn"), "calls": int(result.usage.get("calls") or 0)},
        dict(result.error) if result.error else None, time.monotonic() - begun, stored=False))
    return of_run(result.status, result.outcome)


def _view(*, as_json: bool) -> RunView:
    """As for a run, but without what streams in: a rehearsal takes no time."""
    if as_json:
        return JsonView()
    if not output.on_terminal():
        return LinesView()
    from pyscrai.cli.views.live_view import LiveView

    return LiveView(live=False)
