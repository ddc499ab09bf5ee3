"""``pyscrai measure``: measurements and the report of a run that has ended, again or for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson, RunId
from pyscrai.cli.terminal import output
from pyscrai.exports.event_line import event_line
from pyscrai.exports.transcript import Transcript


async def measure(
    run_id: RunId, /,
    *measures: Annotated[str, Parameter(name="MEASURE", help="Measures to take again; without any, what is missing is "
                                                             "taken.")],
    report: Annotated[bool, Parameter(help="Write the report again.")] = False,
    model: Annotated[str | None, Parameter(help="The model alias to ask instead of the Analyst's own.")] = None,
    as_json: AsJson = False,
) -> Exit:
    """Take measurements and the report of a run that has ended, as of its last turn.

    Exit code 1 says that something could not be had; it can be asked for again.
    """
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.services.run_measures import measure_run

    async with opened_services() as services:
        async with services.database.read() as session:
            row = await Runs(session).find(run_id)
        found = await measure_run(services, row.id, measures, report=report or None, model=model)
    taken = [event_line(event) for event in found.measurements]
    missing = [event_line(event) for event in found.missing]
    if as_json:
        output.json_line({"run_id": row.id, "turn": found.turn, "measurements": taken, "missing": missing,
                          "report": found.report.payload["markdown"] if found.report else None})
    else:
        _print(row.id, taken, missing, has_report=found.report is not None)
    return Exit.FAILED if missing else Exit.COMPLETED


def _print(run_id: str, taken: Sequence[dict[str, object]], missing: Sequence[dict[str, object]], *, has_report: bool
           ) -> None:
    from pyscrai.cli.terminal.table import table

    if taken:
        table(("Measure", "Of", "Value", "Rationale"), [
            (line["measure"], line["of"] or "", "–" if line["value"] is None else line["value"], line["rationale"])
            for line in taken], right=("Value",))
    if has_report:
        output.tell(f"the report is written: pyscrai report {run_id}")
    for entry in Transcript().entries(missing):
        output.note(f"! {entry.text}")
    if not taken and not missing and not has_report:
        output.tell(f"{run_id} misses nothing; name a measure to take it again, or --report")
