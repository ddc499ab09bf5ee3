"""Changes of runs from outside of their play: what people ask and answer, and why a run could not be played.

All that one of them changes is one transaction: the run's row, its events and calls, and what a caller keeps beside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.recording.session_log import SessionLog
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.ports.record import CallRecord
from pyscrai.events import Event
from pyscrai.factories.services import Services

Within = Callable[[AsyncSession, Any], Awaitable[None]]
"""What a caller stores in the transaction of a change, given what came of it: the answer to a request, for one."""


class RunChanges:
    """One transaction that changes runs."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.recorded: list[tuple[str, Sequence[StoredEvent]]] = []
        self._log = SessionLog(session)

    async def record(self, run_id: str, events: Sequence[Event], calls: Sequence[CallRecord] = ()) -> None:
        """Write events and calls into a run's record, whoever plays it.

        Raises:
            NotFound: there is no such run.
        """
        self.recorded.append((run_id, await self._log.append(run_id, events, calls)))


@asynccontextmanager
async def change_runs(services: Services) -> AsyncIterator[RunChanges]:
    """A transaction that changes runs; when it is durable, the listeners of the record hear of its events."""
    async with services.database.session() as session:
        if (order := services.database.dialect.order_events) is not None:
            await session.execute(text(order))
        changes = RunChanges(session)
        yield changes
    for run_id, events in changes.recorded:
        if events:
            services.writer.announce(run_id, events)


async def note_events(services: Services, run_id: str, events: Sequence[Event], calls: Sequence[CallRecord] = ()
                      ) -> None:
    """Write events and calls into a run's record, whoever plays it.

    Raises:
        NotFound: there is no such run.
    """
    async with change_runs(services) as changes:
        await changes.record(run_id, events, calls)
