"""The state of a run's graph: JSON-plain, bounded, and readable in LangGraph Studio.

Nodes write only the channels that they change, since each write is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from langgraph.channels.delta import DeltaChannel
from typing_extensions import TypedDict

Task = Literal["speak", "resolve", "moderate", "observe", "judge", "measure", "report"]


class Activation(TypedDict, total=False):
    """What a node is to do in the next superstep; ``turn`` is the number that a played turn will have."""

    role: str
    task: Task
    turn: int
    goal: int
    measures: list[str]


class Line(TypedDict, total=False):
    """A thing said, done or put into the world, as prompts show it; always with a ``turn``.

    ``id`` is the key of its event; ``type`` and ``content`` are what chat views expect.
    """

    id: str
    type: Literal["ai", "human", "system"]
    kind: str
    role: str | None
    name: str
    content: str
    turn: int
    audience: str | list[str]


class Move(TypedDict, total=False):
    """What a role did in a turn, as far as the flow needs it."""

    role: str
    turn: int
    text: str
    to: str | None
    action: str | None
    arguments: dict[str, Any]
    changes: list[dict[str, Any]]
    ends: str | None
    kinds: list[str]
    seconds: float
    skipped: bool


class Clock(TypedDict):
    """Where the flow stands. ``fired`` and ``armed`` belong to injects, rules and ends by their place in the template."""

    phase_turns: int
    since: int
    visits: dict[str, int]
    last: str | None
    seconds: float
    tally: dict[str, dict[str, dict[str, int]]]
    events: dict[str, int]
    fired: dict[str, int]
    armed: dict[str, bool]


def latest(old: Any, new: Any) -> Any:
    """The last write wins; simultaneous speakers all write the same."""
    return new


def merge(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Keys of the write over keys of the value."""
    return {**(old or {}), **(new or {})}


def add(old: dict[str, float] | None, new: dict[str, float] | None) -> dict[str, float]:
    """Numbers of the write added to numbers of the value."""
    total = dict(old or {})
    for key, value in (new or {}).items():
        total[key] = total.get(key, 0) + value
    return total


def collect(old: list[Any] | None, new: list[Any] | None) -> list[Any]:
    """Lists joined; None empties."""
    return [] if new is None else [*(old or []), *new]


def as_line(message: Mapping[str, Any], index: int) -> Line:
    """A line from a chat message that a person put into the state, in Studio say; everyone hears it."""
    content = message.get("content", "")
    if not isinstance(content, str):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return {"id": str(message.get("id") or f"m{index}"), "type": "human", "kind": "inject", "role": None,
            "name": str(message.get("name") or ""), "content": content, "turn": 0, "audience": "all"}


def keep_recent(turns: int | None) -> Callable[[list[Line], Sequence[list[Line]]], list[Line]]:
    """A reducer that joins lines and lets go of those older than about ``turns`` turns; None keeps all.

    The cut depends on the newest line alone, so that folding writes in other batches gives the same list.
    """

    def reduce(lines: list[Line], writes: Sequence[list[Any]]) -> list[Line]:
        joined = list(lines)
        for write in writes:
            for item in write:
                joined.append(item if "turn" in item else as_line(item, len(joined)))
        if turns is None or not joined:
            return joined
        newest = max(line["turn"] for line in joined)
        cut = (newest - turns) // turns * turns
        return [line for line in joined if line["turn"] > cut]

    return reduce


def state_schema(keep_turns: int | None) -> type[Any]:
    """The graph's state; lines older than ``keep_turns`` to twice that leave it (the event log keeps them)."""

    class State(TypedDict, total=False):
        messages: Annotated[list[Line], DeltaChannel(keep_recent(keep_turns), snapshot_frequency=100)]
        turn: int
        phase: str
        next: Annotated[list[Activation], latest]
        variables: Annotated[dict[str, Any], latest]
        clock: Clock
        moves: Annotated[list[Move], collect]
        memory: Annotated[dict[str, dict[str, Any]], merge]
        usage: Annotated[dict[str, float], add]
        measures: Annotated[dict[str, Any], merge]
        verdicts: Annotated[dict[str, dict[str, Any]], merge]
        people: Annotated[dict[str, str | None], merge]
        outcome: dict[str, Any] | None

    return State
