"""``pyscrai export --tag`` and ``--experiment``: many runs as one tidy table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from pyscrai.exports.formats import ExportFormat

RunsTable = Literal["runs", "measurements", "turns"]
SUFFIXES = (".parquet", ".csv")


async def export_table(table: RunsTable, target: Path | None, *, format: ExportFormat | None = None, tag: str | None,
                       experiment: str | None, as_json: bool) -> None:
    """Write a table of many runs as CSV or Parquet; to stdout as JSON lines, where no format is named.

    Raises:
        ConfigError: the file's suffix says neither.
        NotFound: there is no such experiment.
    """
    from pyscrai.cli.services import opened_database
    from pyscrai.services.experiments.bundle import write_batches

    if target is not None and (target.suffix.lower() not in SUFFIXES or (
            format is not None and target.suffix.lower() != f".{format}")):
        raise ConfigError(f"{target} is no file for {'a table: CSV or Parquet' if format is None else format}",
                          code="output.file", cure="name a file that ends in .parquet or .csv, as --format says")
    async with opened_database() as database, database.read() as session:
        schema, batches = await _batches(session, table, tag=tag, experiment=experiment)
        if target is None:
            await _to_stdout(schema, batches, format)
            return
        await write_batches(schema, batches, [target])
    if as_json:
        output.json_line({"table": table, "file": str(target), "tag": tag, "experiment": experiment})
    else:
        output.note(f"{table} of {f'the tag {tag}' if tag else experiment} are written to {target}")


async def _to_stdout(schema: Any, batches: Any, format: ExportFormat | None) -> None:
    """Write a table as CSV, Parquet or JSON lines."""
    if format not in ("csv", "parquet"):
        async for batch in batches:
            for row in batch.to_pylist():
                output.json_line(row)
        return
    import tempfile

    from pyscrai.services.experiments.bundle import write_batches

    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / f"table.{format}"
        await write_batches(schema, batches, [held])
        output.write_bytes(held.read_bytes(), binary=format == "parquet")


async def _batches(session: AsyncSession, table: RunsTable, *, tag: str | None, experiment: str | None) -> Any:
    if experiment is not None:
        from pyscrai.services.experiments.experiment_plan import load_plan
        from pyscrai.services.experiments.tables import table_batches

        return await table_batches(session, await load_plan(session, experiment), table, {})
    from pyscrai.services.run_export import runs_tagged

    found = await runs_tagged(session, tag or "")
    return found.schema(table), found.batches(session, table)
