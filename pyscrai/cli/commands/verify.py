"""``pyscrai verify``: whether a run's rows are what they were when it ended."""

from __future__ import annotations

from dataclasses import asdict

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson, RunId
from pyscrai.cli.terminal import output


async def verify(run_id: RunId, /, *, as_json: AsJson = False) -> Exit:
    """Compare a run's rows with the seal that was made when it ended; nothing is played.

    `pyscrai replay` also plays it again. Exit code 1 says that something was changed.
    """
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.services.run_seals import verify_run

    async with opened_services() as services:
        async with services.database.read() as session:
            row = await Runs(session).find(run_id)
        found = await verify_run(services, row.id)
    if as_json:
        output.json_line(asdict(found))
    elif found.problems:
        output.tell(f"{row.id} was changed since it was recorded:")
        for problem in found.problems:
            output.tell(f"  {problem}")
    elif not found.sealed:
        output.tell(f"{row.id} has no seal: it has not ended, or an earlier version recorded it; its texts and numbers "
                   "are whole")
    else:
        later = f"; {found.later} events were written after its end" if found.later else ""
        output.tell(f"{row.id} is as it was when it ended{later}")
    return Exit.FAILED if found.problems else Exit.COMPLETED
