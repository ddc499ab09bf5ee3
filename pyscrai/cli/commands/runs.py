"""``pyscrai runs``, ``show`` and ``events``: what was played and what happened in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson, Role, RunId
from pyscrai.cli.terminal import output
from pyscrai.errors import NotFound
from pyscrai.exports.event_line import event_line
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import outcome_text, pairs
from pyscrai.lifecycle import RunStatus

STYLES: dict[RunStatus, str] = {"completed": "green", "failed": "red", "stopped": "red", "running": "bold",
                                "waiting": "yellow", "paused": "yellow"}


async def runs(
    *,
    status: Annotated[Sequence[RunStatus], Parameter(help="Only runs of this status.")] = (),
    template: Annotated[str | None, Parameter(help="Only runs of this scenario: `name` or `name@version`.")] = None,
    tag: Annotated[Sequence[str], Parameter(help="Only runs with this tag.")] = (),
    limit: Annotated[int, Parameter(help="At most so many, the newest first; 0 for all.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List the runs, the newest first."""
    from pyscrai.cli.services import opened_database
    from pyscrai.cli.terminal.table import table
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.databases.repositories.templates import scenario_templates
    from pyscrai.exports.figures import moment
    from pyscrai.exports.run_reader import run_facts

    name, _, version = (template or "").partition("@")
    found: list[dict[str, Any]] = []
    async with opened_database() as database, database.read() as session:
        templates, after = scenario_templates(session), None
        while limit <= 0 or len(found) < limit:
            page = await Runs(session).list(
                statuses=status, template=name or None, version=version or None, tags=tag, after=after,
                limit=min(200, limit - len(found)) if limit > 0 else 200)
            found += [run_facts(row, await templates.by_id(row.scenario_template_id)) for row in page.runs]
            if (after := page.after) is None:
                break
    if as_json:
        for run in found:
            output.json_line(run)
        return
    if not found:
        output.note("no runs; start one with `pyscrai run two-agent-conversation`")
        return
    table(("Run", "Status", "Scenario", "Turns", "Made", "Outcome"), [
        (run["run_id"], run["status"], run["template"], run["turn"], (moment(run["created_at"]) or "")[:16],
         outcome_text(run["outcome"]) or (run["error"] or {}).get("message", "")) for run in found],
        right=("Turns",), whole=("Run", "Status"), optional=("Made", "Turns", "Scenario"),
        styles=[STYLES.get(run["status"], "") for run in found])


async def show(
    run_id: RunId, /, *,
    role: Annotated[str | None, Parameter(name="--as", help="Only what this role knows: what was said to it or by it."
                                          )] = None,
    turn: Annotated[int | None, Parameter(name="--turn", help="Only up to this turn.")] = None,
    details: Annotated[bool, Parameter(name="--all", help="Also memories, choices of speakers and controls.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a run's transcript."""
    from pyscrai.cli.run_lookup import looked_up, opening_of
    from pyscrai.databases.repositories.events import Events

    async with looked_up(run_id) as (session, row):
        opening = await opening_of(session, row.id)
        _check_role(role, [member["role"] for member in opening.cast])
        stored = await Events(session).read(row.id, heard_by=role, to_turn=turn)
    lines = [event_line(event) for event in stored]
    script = Transcript({member["role"]: member["name"] for member in opening.cast}, opening.titles)
    if as_json:

        for entry in script.entries(lines):
            if details or not entry.detail:
                output.json_line(asdict(entry))
        return
    from pyscrai.cli.views import paint

    console = output.console()
    if console.is_terminal:
        console.print(f"\n{opening.title}  {opening.template}  {row.id}", style="bold")
        console.print()
    paint.show(script.entries(lines), paint.Palette(opening.cast), console, details=details)


async def events(
    run_id: RunId, /, *,
    kind: Annotated[Sequence[str], Parameter(help="Only events of this kind, such as utterance.")] = (),
    role: Role = None,
    turn: Annotated[int | None, Parameter(name="--turn", help="Only this turn.")] = None,
    after: Annotated[int | None, Parameter(help="Only events with a greater seq.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what happened in a run, event by event."""
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.cli.terminal.table import table
    from pyscrai.databases.repositories.events import Events

    async with looked_up(run_id) as (session, row):
        stored = await Events(session).read(row.id, kinds=kind, sources=(role,) if role else (), after_seq=after,
                                            from_turn=turn, to_turn=turn)
    if as_json:
        for event in stored:
            output.json_line(event.as_dict())
        return
    table(("Seq", "Turn", "Kind", "Source", "Heard by", "What"), [
        (event.seq, event.turn, event.kind, event.source or "",
         event.audience if event.audience == "all" else ", ".join(event.audience) or "nobody",
         pairs(event.payload)) for event in stored], right=("Seq", "Turn"))


def _check_role(role: str | None, known: Sequence[str]) -> None:
    if role is not None and role not in known:
        raise NotFound(f"the run has no role {role!r}", cure=f"its roles are {', '.join(known)}")
