"""``pyscrai export``: a run as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson, RunId, Target
from pyscrai.cli.terminal import output
from pyscrai.exports.formats import BINARY, SUFFIXES, WITH_CALLS, ExportFormat, renderer


async def export(
    run_id: RunId, /, *,
    format: Annotated[ExportFormat | None, Parameter(help="Left out, the suffix of --output tells, else markdown."
                                                     )] = None,
    target: Target = None,
    without_calls: Annotated[bool, Parameter(help="Leave the model calls out of json and jsonl.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a run to a file or to stdout: transcript, calls, measurements, report and figures."""
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.exports.run_reader import gather

    chosen = format or ("json" if as_json and target is None else _by_suffix(target))
    async with looked_up(run_id) as (session, row):
        dossier = await gather(session, row.id, calls=chosen in WITH_CALLS and not without_calls)
    pieces = renderer(chosen)(dossier)
    if target is None:
        for piece in pieces:
            output.write_bytes(piece, binary=chosen in BINARY)
        return
    size = output.write_file(target, b"".join(pieces))
    if as_json:
        output.json_line({"run_id": row.id, "file": str(target), "format": chosen, "bytes": size})
    else:
        output.note(f"{row.id} is written to {target}")


def _by_suffix(target: Path | None) -> ExportFormat:
    suffix = target.suffix.lower() if target else ""
    return next((name for name, known in SUFFIXES.items() if suffix in (known, f".{name}")), "markdown")
