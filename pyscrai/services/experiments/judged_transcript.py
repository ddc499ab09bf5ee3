"""The transcript of a finished run as judges read it, be they models or people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.experiments.judge_task import JudgedLine, transcript_lines
from pyscrai.exports.event_line import event_line
from pyscrai.factories.services import Services


@dataclass(frozen=True, slots=True)
class JudgedTranscript:
    """The lines of a run without what would tell its arm, and the names that its roles go by."""

    names: Mapping[str, str]
    lines: Sequence[JudgedLine]


async def read_transcript(services: Services, run_id: str) -> JudgedTranscript:
    """Read a run's transcript, a fork's shared past included."""
    async with services.database.read() as session:
        cast = await Runs(session).cast(run_id)
        events = [event_line(event) for event in await Events(session).read(run_id)]
    names = {member.role: member.name for member in cast}
    return JudgedTranscript(names, transcript_lines(events, names))
