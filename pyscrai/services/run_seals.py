"""Whether a run's rows are what they were when it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.call_row import part_ids
from pyscrai.databases.repositories.calls import Calls, StoredCall
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.seals import RunSeals, Seal
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import CallRow, RunRow, ScenarioTemplateRow, TextRow
from pyscrai.databases.text_ids import digest
from pyscrai.engines.calls.recorded_calls import question_of
from pyscrai.factories.services import Services
from pyscrai.lifecycle import BRINGS, END_EVENTS
from pyscrai.templates.models.base import content_hash

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SealVerification:
    """The result of a verification: ``problems`` in words, none where all is as it was.

    ``sealed`` says that the run has a seal to compare with; ``later`` counts events that were written after it.
    """

    run_id: str
    sealed: bool
    later: int
    problems: tuple[str, ...]


async def verify_run(services: Services, run_id: str) -> SealVerification:
    """Compare a run's rows with the seal that was made when it ended, and its texts with their digests.

    Raises:
        NotFound: there is no such run.
    """
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
        events = await Events(session).read(run_id, inherited=False)
        # By the log and not by the run's status, which may have been changed. A run that goes on after its end is
        # sealed again at the next one.
        stands = [event.kind for event in events if event.kind in BRINGS]
        seal = await RunSeals(session).read(run_id) if stands and stands[-1] in END_EVENTS else None
        problems = [*await _template(session, row), *_log(row, events, seal), *await _calls(session, run_id)]
        if seal is not None:
            found = await RunSeals(session).compute(run_id, seal)
            problems += [f"{table}: rows were changed, added or removed since the run ended"
                         for table, sealed in seal.digests.items() if found.get(table, sealed) != sealed]
        later = sum(event.seq > seal.last_seq for event in events) if seal is not None else 0
    return SealVerification(run_id, seal is not None, later, tuple(problems))


async def _template(session: AsyncSession, row: RunRow) -> list[str]:
    template = await session.get(ScenarioTemplateRow, row.scenario_template_id)
    if template is None:
        return [f"scenario_runs: there is no template {row.scenario_template_id}, which the run names"]
    found = content_hash(template.content)
    if found == template.content_hash == row.template_hash:
        return []
    return [f"scenario_templates: {template.name}@{template.version} is not the content that the run was made from"]


def _log(row: RunRow, events: Sequence[StoredEvent], seal: Seal | None) -> list[str]:
    numbers = [event.seq for event in events]
    whole = not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    problems = [] if whole and (row.parent_run_id is not None or numbers[:1] in ([], [1])) else [
        "events: a number is missing in the log"]
    if numbers and numbers[-1] != row.last_seq:
        problems.append(f"events: the log ends with {numbers[-1]}, the run with {row.last_seq}")
    if seal is not None and (not numbers or numbers[-1] < seal.last_seq):
        problems.append(f"events: the log ends before {seal.last_seq}, which was sealed")
    return problems


async def _calls(session: AsyncSession, run_id: str) -> list[str]:
    """Problems of the texts of a run's calls and of the digests of its questions."""
    rows = (await session.execute(select(CallRow.messages, CallRow.parameters, CallRow.prompts).where(
        CallRow.run_id == run_id))).all()
    ids = sorted({number for packed, *others in rows for number in (
        *others, *(part for _, parts in part_ids(packed) for part in parts))})
    changed = []
    for start in range(0, len(ids), AT_ONCE):
        for number, kept, content in await session.execute(select(TextRow.id, TextRow.hash, TextRow.content).where(
                TextRow.id.in_(ids[start:start + AT_ONCE]))):
            if digest(content) != bytes(kept):
                changed.append(number)
    if changed:
        return [f"llm_messages: text {number} is not the one that was sent" for number in changed[:5]]
    try:
        return list(_questions(await Calls(session).read(run_id, inherited=False)))
    except (ValueError, KeyError, TypeError) as error:
        return [f"llm_calls: a call cannot be read: {type(error).__name__}: {error}"]


def _questions(calls: Iterable[StoredCall]) -> Iterator[str]:
    for stored in calls:
        call = stored.call
        if call.question is not None and question_of(call.purpose, call.request, call.alias) != call.question:
            key = call.key
            yield f"llm_calls: turn {key.turn}, {key.role}, {key.task}, {key.ordinal} does not ask what it asked"
