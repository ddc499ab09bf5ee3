"""``pyscrai metrics`` and ``report``: what a run took and what its Analyst found."""

from __future__ import annotations

from pyscrai.cli.parameters import AsJson, RunId
from pyscrai.cli.terminal import output
from pyscrai.errors import NotFound
from pyscrai.exports.event_line import event_line
from pyscrai.exports.transcript_entry import clean


async def metrics(run_id: RunId, /, *, as_json: AsJson = False) -> None:
    """Show what a run took, in all and by role: turns, calls, tokens, cost, latency, errors."""
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.cli.terminal.table import table
    from pyscrai.exports.figures import figures_table
    from pyscrai.exports.run_reader import metrics as read_metrics

    async with looked_up(run_id) as (session, row):
        found = await read_metrics(session, row.id)
    if as_json:
        for scope, figures in found.items():
            output.json_line({"run_id": row.id, "role": None if scope == "run" else scope, **figures})
        return
    head, rows = figures_table(found)
    table(head, rows, right=head[1:], styles=["bold" if cells[0] == "all" else "" for cells in rows],
          optional=[name for name in ("Retries", "Errors", "p95", "Cached", "p50", "Words") if name in head])


async def report(run_id: RunId, /, *, as_json: AsJson = False) -> None:
    """Print the Analyst's report in Markdown, and before it what was measured."""
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.databases.repositories.events import Events

    async with looked_up(run_id) as (session, row):
        found = [event_line(event) for event in
                 await Events(session).read(row.id, kinds=("report", "measurement", "verdict", "assessment"))]
    written = next((line["markdown"] for line in reversed(found) if line["kind"] == "report"), None)
    measured = [line for line in found if line["kind"] == "measurement"]
    if as_json:
        output.json_line({"run_id": row.id, "report": written, "measurements": measured,
                          "assessments": [line for line in found if line["kind"] == "assessment"],
                          "verdicts": [line for line in found if line["kind"] == "verdict"]})
        return
    if not found:
        raise NotFound(f"{row.id} has no report", code="report.none",
                       cure="its scenario has no `analysis`, or the run has not come to its end")
    if measured:
        from pyscrai.cli.terminal.table import table

        table(("Turn", "Measure", "Of", "Value", "Rationale", "Evidence"), [
            (line["turn"], line["measure"], line["of"] or "", "–" if line["value"] is None else line["value"],
             line["rationale"], ", ".join(line["evidence"])) for line in measured], right=("Turn", "Value"))
        output.say()
    if written is not None:
        _print_markdown(written)
    else:
        for line in found:
            if line["kind"] == "assessment":
                output.say(f"[{line['turn']}] {line['summary']}")


def _print_markdown(text: str) -> None:

    if not output.on_terminal():
        output.say(clean(text))
        return
    from rich.markdown import Markdown

    output.console().print(Markdown(clean(text), hyperlinks=False))
