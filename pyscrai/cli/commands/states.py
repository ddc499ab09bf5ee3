"""``pyscrai state``, ``diff`` and ``interview``: how things stood, how two runs differ, what a role answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson, RunId
from pyscrai.cli.terminal import output
from pyscrai.exports.event_line import event_line
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import outcome_text, titled
from pyscrai.value_text import value_text

if TYPE_CHECKING:
    from pyscrai.databases.stored_event import StoredEvent
    from pyscrai.databases.tables import RunRow


async def state(
    run_id: RunId, /, *,
    turn: Annotated[int | None, Parameter(help="After this turn; now if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the state of a run after a turn: variables, phase, who is next, and what the turn changed."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.cli.terminal.table import table
    from pyscrai.services.run_states import difference, moment, moment_before

    async with opened_services() as services:
        found = await full_id(services.database, run_id)
        at = await moment(services, found, turn)
        before = await moment_before(services, found, at.turn)
    changed = difference(before.values, at.values) if before else {}
    if as_json:
        output.json_line({"run_id": found, "turn": at.turn, "state": dict(at.values), "changed": changed})
        return
    values = at.values
    following = ", ".join(dict.fromkeys(each["role"] for each in values.get("next") or ())) or "nobody"
    output.tell(f"{found} after turn {at.turn}, in {values.get('phase') or 'no phase'}; next: {following}")
    was = (before.values.get("variables") or {}) if before else {}
    rows = [(titled(name), value_text(value), value_text(was[name]) if was.get(name, value) != value else "")
            for name, value in (values.get("variables") or {}).items()]
    if rows:
        table(("Variable", "Value", "Before"), rows)
    for line in (changed.get("messages") or {}).get("added", ()):
        output.tell(f"+ {line['name'] + ': ' if line['name'] else ''}{line['content']}")
    if values.get("outcome"):
        output.tell(f"outcome: {outcome_text(values['outcome'])}")


async def interview(
    run_id: RunId,
    role: Annotated[str, Parameter(name="ROLE", help="The role that is asked.")],
    question: Annotated[str, Parameter(name="QUESTION", help="What it is asked.")], /, *,
    turn: Annotated[int | None, Parameter(help="As of this turn; now if left out.")] = None,
    model: Annotated[str | None, Parameter(help="The model alias to answer with, if not the role's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a role something as of a turn, apart from the play and unheard by it."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.services.interviews import interview as ask

    async with opened_services() as services:
        found = await ask(services, await full_id(services.database, run_id), role, question, turn=turn, model=model)
    if as_json:
        output.json_line({"run_id": found.run_id, "role": found.role, "turn": found.turn, "question": found.question,
                          "answer": found.answer, "alias": found.alias})
    else:
        output.say(found.answer)
        output.note(f"{found.role} of {found.run_id} as of turn {found.turn}, by {found.alias}")


@dataclass(frozen=True, slots=True)
class _Future:
    row: RunRow
    events: Sequence[StoredEvent]

    def values(self) -> dict[str, Any]:
        """Variables and scores at the end, and how it ended."""
        row = self.row
        scores = {f"{titled(event.payload['measure'])}" + (f" of {event.payload['of']}" if event.payload["of"] else ""):
                  event.payload["value"] for event in self.events if event.kind == "measurement"}
        return {"Status": row.status, "Outcome": outcome_text(row.outcome), "Turns": row.turn, "Seed": row.seed,
                **{titled(name): value for name, value in (row.variables or {}).items()}, **scores}


async def diff(run_id: RunId, other: Annotated[str, Parameter(name="OTHER", help="The run to compare it with.")], /, *,
               as_json: AsJson = False) -> Exit:
    """Compare two runs: the first event in which they part, and what is otherwise at their ends.

    Exit code 1 says that they differ.
    """
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.events import Events
    from pyscrai.databases.repositories.runs import Runs

    async with opened_services() as services, services.database.read() as session:
        futures = []
        for each in (run_id, other):
            row = await Runs(session).find(each)
            futures.append(_Future(row, await Events(session).read(row.id)))
    one, two = futures
    turn, apart = _parting(one.events, two.events)
    ends = _otherwise(one.values(), two.values())
    if as_json:
        output.json_line({
            "runs": [one.row.id, two.row.id], "same_until_turn": turn, "ends": {
                name: list(values) for name, values in ends.items()},
            "first_difference": [event.as_dict() if event else None for event in apart] if apart else None})
    else:
        _tell(one, two, turn, apart, ends)
    return Exit.FAILED if apart or ends else Exit.COMPLETED


Pair: TypeAlias = "tuple[StoredEvent | None, StoredEvent | None]"


def _parting(one: Sequence[StoredEvent], two: Sequence[StoredEvent]) -> tuple[int, Pair | None]:
    """The last turn that both played alike, and the first events of the play that are not the same."""
    turn = 0
    played = [[event for event in each if not event.kind.startswith(("run_", "control"))] for each in (one, two)]
    for first, second in zip_longest(*played):
        if first is None or second is None or (first.kind, first.source, first.turn, first.payload) != (
                second.kind, second.source, second.turn, second.payload):
            return turn, (first, second)
        if first.kind == "utterance":
            turn = first.turn
    return turn, None


def _otherwise(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (one.get(name), two.get(name)) for name in {**one, **two} if one.get(name) != two.get(name)}


def _tell(one: _Future, two: _Future, turn: int, apart: Pair | None, ends: Mapping[str, tuple[Any, Any]]) -> None:
    if apart is None:
        output.say("the same play")
    else:
        output.say(f"they part after turn {turn}:")
        for future, event in zip((one, two), apart, strict=True):
            entries = Transcript().read(event_line(event)) if event else []
            text = "; ".join(f"{entry.who + ': ' if entry.who else ''}{entry.text}" for entry in entries)
            output.say(f"  {future.row.id}  {text or (event.kind if event else 'nothing more')}")
    if ends:
        from pyscrai.cli.terminal.table import table

        table(("At the end", one.row.id, two.row.id), [
            (name, *("" if value is None else value_text(value) for value in values))
            for name, values in ends.items()], whole=(one.row.id, two.row.id))
