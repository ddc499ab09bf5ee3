"""``pyscrai export`` into what holds many runs: chats, an Inspect log, a data set for the Hugging Face Hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from pyscrai.services.run_export import RunsFormat


async def export_runs(format: RunsFormat, target: Path | None, *, run: str | None = None, tag: str | None = None,
                      experiment: str | None = None, calls: bool = True, as_json: bool = False) -> None:
    """Write a run, a tag's runs or an experiment's; chats go to stdout where no file is named.

    Raises:
        NotFound: there is no such run, no such experiment, or no run with the tag.
        ConfigError: the file or folder cannot be written.
        PyscraiError: the folder is there and not empty.
    """
    from pyscrai.cli.services import opened_database
    from pyscrai.services.run_export import any_run, chosen_runs, write_chats, write_dataset, write_log

    async with opened_database() as database, database.read() as session:
        chosen = await chosen_runs(session, run=run, tag=tag, experiment=experiment)
        if not await any_run(session, chosen):
            raise NotFound(f"there are no runs with the tag {tag}" if tag else f"{experiment} has no runs yet",
                           cure="`pyscrai runs` lists the runs with their tags")
        if format == "chat" and target is None:
            await write_chats(session, chosen, output.write_bytes)
            return
        name = re.sub(r"[^\w.-]+", "-", chosen.name).strip("-.") or "runs"
        written = target or Path(f"{name}-dataset" if format == "huggingface" else f"{name}.eval")
        try:
            if format == "huggingface":
                count, size = await write_dataset(session, chosen, written)
            else:
                with written.open("wb") as file:
                    count = await (write_chats(session, chosen, file.write) if format == "chat"
                                   else write_log(session, chosen, file, calls=calls))
                    size = file.tell()
        except OSError as error:
            raise ConfigError(f"{written} cannot be written: {error.strerror}", code="output.file",
                              cure="name another place with --output") from None
    about: dict[str, Any] = {"format": format, "runs": count, "file": str(written), "bytes": size}
    if as_json:
        output.json_line(about)
    else:
        output.note(f"{count} {'run is' if count == 1 else 'runs are'} written to {written}")
