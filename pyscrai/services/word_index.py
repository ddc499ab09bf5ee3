"""The index of what was said, grown when somebody searches."""

from __future__ import annotations

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.word_index import WordIndex


async def bring_up_to_date(database: Database) -> None:
    """Take into the index what was said since it was last asked, a bounded part in each transaction."""
    async with database.read() as session:
        more = await WordIndex(session).is_behind()
    while more:
        async with database.session() as session:
            more = await WordIndex(session).grow()
