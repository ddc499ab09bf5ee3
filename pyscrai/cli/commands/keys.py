"""``pyscrai keys``: who may use the API from elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output

app = App(name="keys", help="Create, list and revoke API keys.")

Scope = Literal["read", "control", "admin"]
Name = Annotated[str, Parameter(name="NAME", help="Whose key it is; the record names this.")]


@app.command
async def create(name: Name, /, *, scope: Annotated[tuple[Scope, ...], Parameter(
        help="What it allows: read, control (which reads too) or admin (which does all).")] = ("control",),
        as_json: AsJson = False) -> None:
    """Create a key. It is shown this once: only its hash is stored."""
    from pyscrai.cli.services import opened_database
    from pyscrai.databases.repositories.api_keys import ApiKeys

    async with opened_database() as database, database.session() as session:
        row, key = await ApiKeys(session).create(name, scope)
        scopes = list(row.scopes)
    if as_json:
        output.json_line({"name": name, "scopes": scopes, "key": key})
    else:
        output.note(f"The key of {name} ({', '.join(scopes)}), shown this once:")
        output.say(key)


@app.command(name="list")
async def list_(*, as_json: AsJson = False) -> None:
    """List the keys: name, scopes, when they were made and last used."""
    from pyscrai.cli.services import opened_database
    from pyscrai.databases.repositories.api_keys import ApiKeys

    async with opened_database() as database, database.read() as session:
        rows = await ApiKeys(session).list()
    for row in rows:
        facts = {"name": row.name, "scopes": row.scopes, "created_at": row.created_at.isoformat(timespec="seconds"),
                 "last_used_at": row.last_used_at.isoformat(timespec="seconds") if row.last_used_at else None,
                 "revoked_at": row.revoked_at.isoformat(timespec="seconds") if row.revoked_at else None}
        if as_json:
            output.json_line(facts)
        else:
            used = f"last used {facts['last_used_at'] or 'never'}"
            state = f"revoked {facts['revoked_at']}" if row.revoked_at else used
            output.say(f"{row.name}  {','.join(row.scopes)}  made {facts['created_at']}  {state}")
    if not rows and not as_json:
        output.note("There are no keys: make one with `pyscrai keys create NAME`.")


@app.command
async def revoke(name: Name, *, as_json: AsJson = False) -> None:
    """Make a key useless for good."""
    from pyscrai.cli.services import opened_database
    from pyscrai.databases.repositories.api_keys import ApiKeys

    async with opened_database() as database, database.session() as session:
        await ApiKeys(session).revoke(name)
    if as_json:
        output.json_line({"name": name, "revoked": True})
    else:
        output.note(f"The key of {name} works no longer.")
