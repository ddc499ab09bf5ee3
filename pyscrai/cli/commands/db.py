"""``pyscrai db``: where the database is, and bringing it up to date."""

from __future__ import annotations

from cyclopts import App

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output

app = App(name="db", help="Upgrade and find the database.")


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
