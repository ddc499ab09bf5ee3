"""Events that are written from outside of a run's play: what people ask, and why a run could not be played."""

from __future__ import annotations

from collections.abc import Sequence

from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.desired_states import Duties
from pyscrai.engines.ports.record import CallRecord
from pyscrai.errors import Fenced, no_run
from pyscrai.events import Event
from pyscrai.factories.services import Services

TRIES = 5


async def note_events(services: Services, run_id: str, events: Sequence[Event], calls: Sequence[CallRecord] = (),
                      *, fence: int | None = None) -> None:
    """Write events, and answers that people gave, into a run's record, whoever plays it.

    Args:
        fence: the run's, if it was looked up just now.

    Raises:
        NotFound: there is no such run.
        Fenced: the run changes hands again and again.
    """
    for number in range(TRIES):
        if fence is None or number:
            async with services.database.read() as session:
                fence = await Duties(session).fence(run_id)
        if fence is None:
            raise no_run(run_id)
        record = RunRecord(services.writer, run_id, fence)
        for call in calls:
            record.note(call)
        try:
            await record.commit(events)
            return
        except Fenced:
            if number == TRIES - 1:
                raise
