"""``pyscrai export`` into what holds many runs: a table, chats, an Inspect log, a data set for the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError
from pyscrai.exports.formats import BINARY

if TYPE_CHECKING:
    from typing import IO

    from pyscrai.services.run_export import RunsTable

RunsFileFormat = Literal["csv", "parquet", "jsonl", "chat", "inspect", "huggingface"]
TABLES = ("csv", "parquet", "jsonl")


async def export_runs(format: RunsFileFormat | None, target: Path | None, *, runs: Sequence[str] = (),
                      tag: str | None = None, experiment: str | None = None, table: RunsTable = "runs",
                      calls: bool = True, as_json: bool = False) -> None:
    """Write runs, a tag's runs or an experiment's; text goes to stdout where no file is named.

    Args:
        format: None for a table in the format that the target's suffix says, or JSON lines.

    Raises:
        NotFound: there is no such run, no such experiment, or no run with the tag.
        ConfigError: the file or folder cannot be written, or its suffix says another format.
        PyscraiError: the folder is there and not empty.
    """
    from pyscrai.cli.services import opened_database
    from pyscrai.services.run_export import chosen_runs, write_dataset, write_runs

    chosen_format = format or _table_format(target)
    if chosen_format in TABLES and target is not None and target.suffix.lower() != f".{chosen_format}":
        raise ConfigError(f"{target} is no file for {chosen_format}", code="output.file",
                          cure=f"name a file that ends in .{chosen_format}")
    async with opened_database() as database:
        async with database.read() as session:
            chosen = await chosen_runs(session, runs=runs, tag=tag, experiment=experiment)
        if target is None and chosen_format != "inspect" and chosen_format != "huggingface":
            out = cast("IO[bytes]", output.StandardOutput(binary=chosen_format in BINARY))
            await write_runs(database, chosen, out, chosen_format, table=table)
            return
        written = target or Path(chosen.file_name + (".eval" if chosen_format == "inspect" else "-dataset"))
        with output.writing(written):
            if chosen_format == "huggingface":
                count, size = await write_dataset(database, chosen, written)
            else:
                with written.open("wb") as file:
                    count = await write_runs(database, chosen, file, chosen_format, table=table, calls=calls)
                    size = file.tell()
    of_table = chosen_format in TABLES
    about: dict[str, Any] = {"format": chosen_format, "file": str(written), "bytes": size,
                             **({"table": table, "rows": count, "tag": tag, "experiment": experiment}
                                if of_table else {"runs": count})}
    if as_json:
        output.json_line(about)
    else:
        noun = "row" if of_table else "run"
        output.note(f"{count} {noun}{' is' if count == 1 else 's are'} written to {written}")


def _table_format(target: Path | None) -> Literal["csv", "parquet", "jsonl"]:
    if target is None:
        return "jsonl"
    from pyscrai.exports.table_file import table_format

    found = table_format(target)
    return "jsonl" if found == "json" else found
