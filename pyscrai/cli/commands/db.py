"""``pyscrai db``: where the database is, and bringing it up to date."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.cli.terminal.table import table
from pyscrai.errors import ConfigError

if TYPE_CHECKING:
    from pyscrai.databases.database import Database
    from pyscrai.databases.housekeeping import Housekeeping

app = App(name="db", help="Upgrade, measure, tidy and back up the database.")


@app.command
async def upgrade(*, as_json: AsJson = False) -> None:
    """Create the database or bring it up to date: tables, checkpoints, shipped templates."""
    from pyscrai.cli.services import opened_services

    async with opened_services() as services:
        revision = await services.database.revision()
        if as_json:
            output.json_line({"database": str(services.database), "revision": revision})
        else:
            output.say(f"{services.database} is at revision {revision}")


@app.command
def path(*, as_json: AsJson = False) -> None:
    """Print where the database is; a password in its URL is not shown."""
    from pyscrai.config.settings import load_settings
    from pyscrai.databases.database import Database

    database = Database(load_settings().database_url)
    if as_json:
        file = str(database.path) if database.path else None
        output.json_line({"database": str(database), "path": file})
    else:
        output.say(str(database))


@app.command
async def stats(*, as_json: AsJson = False) -> None:
    """Show what takes how much room, and what `pyscrai db prune` would delete."""
    from pyscrai.cli.services import opened_database

    async with opened_database() as database:
        found = await _housekeeping(database).stats()
        if as_json:
            output.json_line({"database": str(database), "bytes": found.bytes, **asdict(found)})
            return
        table(["table", "rows", "size"], [[each.table, each.rows, _size(each.bytes)] for each in found.tables],
              right=["rows", "size"])
        per_turn = f", {found.bytes / found.turns / 1000:.1f} kB a turn" if found.turns else ""
        output.tell(f"\n{database}: {_size(found.bytes)} for {found.runs} runs of {found.turns} turns{per_turn}")
        output.tell(f"`pyscrai db prune` would delete {found.prunable_writes} writes of ended runs; "
                   f"{found.idempotency_keys} idempotency keys are kept")


@app.command
async def prune(
    *, keep_days: Annotated[float, Parameter(help="Days for which an idempotent request gets its answer again.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Delete what nothing needs any more: no resume, fork, replay or check of a run does."""

    from pyscrai.cli.services import opened_database

    if not 0 <= keep_days <= 36_500:
        raise ConfigError(f"--keep-days {keep_days:g} is no number of days", code="config.options")
    async with opened_database() as database:
        pruned = await _housekeeping(database).prune(keep_keys=timedelta(days=keep_days))
    if as_json:
        output.json_line(asdict(pruned))
        return
    texts = ("texts were not looked at, since a process lives that plays or serves" if pruned.texts is None
             else f"{pruned.texts} texts that no call is made of")
    output.tell(f"Packed {pruned.packed} values in checkpoints of ended runs. Deleted {pruned.writes} of their writes, "
               f"{pruned.idempotency_keys} idempotency keys; {texts}.")
    output.tell("`pyscrai db vacuum` gives the room back to the disk.")


@app.command
async def vacuum(*, as_json: AsJson = False) -> None:
    """Give the room of what was deleted back to the disk. On SQLite nothing else may write meanwhile."""
    from pyscrai.cli.services import opened_database

    async with opened_database() as database:
        housekeeping = _housekeeping(database)
        before = (await housekeeping.stats()).bytes
        await database.vacuum()
        after = (await housekeeping.stats()).bytes
    if as_json:
        output.json_line({"before": before, "after": after})
    else:
        output.say(f"{_size(before)} before, {_size(after)} now")


@app.command
async def backup(target: Path, /, *, as_json: AsJson = False) -> None:
    """Copy the whole database into a file, while it is used: a SQLite file, or an archive for `pg_restore`."""
    from pyscrai.cli.services import opened_database

    if target.exists():  # noqa: ASYNC240
        raise ConfigError(f"{target} exists", code="config.target", cure="name a file that does not")
    async with opened_database() as database:
        await database.dialect.backup(target)
    size = target.stat().st_size  # noqa: ASYNC240
    if as_json:
        output.json_line({"file": str(target), "bytes": size})
    else:
        output.say(f"{target}: {_size(size)}")


def _housekeeping(database: Database) -> Housekeeping:
    from pyscrai.databases.housekeeping import Housekeeping
    from pyscrai.engines.state import FOLDED

    return Housekeeping(database, folded=FOLDED)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
