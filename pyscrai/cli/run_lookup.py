"""Reads one run that a person names, for the commands that look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pyscrai.cli.services import opened_database
from pyscrai.cli.views.view import Opening
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.exports.run_reader import member
from pyscrai.exports.transcript_entry import titled

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from pyscrai.databases.database import Database
    from pyscrai.databases.tables import RunRow


@asynccontextmanager
async def looked_up(run_id: str) -> AsyncIterator[tuple[AsyncSession, RunRow]]:
    """The run that a person means, and a session to read more of it.

    Raises:
        NotFound: no run fits, or more than one.
    """
    async with opened_database() as database, database.read() as session:
        yield session, await Runs(session).find(run_id)


async def full_id(database: Database, run_id: str) -> str:
    """The whole id of the run that a person means.

    Raises:
        NotFound: no run fits, or more than one.
    """
    async with database.read() as session:
        return (await Runs(session).find(run_id)).id


async def opening_of(session: AsyncSession, run_id: str, *, resumed: bool = False) -> Opening:
    """The facts that a view shows before the first event."""
    runs = Runs(session)
    row = await runs.get(run_id)
    template = await scenario_templates(session).by_id(row.scenario_template_id)
    phases = template.content["flow"]["phases"]
    return Opening(run_id, template.content.get("title") or titled(template.name),
                   f"{template.name}@{template.version}", [member(each) for each in await runs.cast(run_id)],
                   {name: phase["title"] for name, phase in phases.items() if phase.get("title")}, resumed=resumed)
