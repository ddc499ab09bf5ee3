"""The state of a run's graph: JSON-plain, bounded, and readable in LangGraph Studio.

Nodes write only the channels that they change, since each write is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Annotated, Any, Literal, NotRequired, Self, cast

from langgraph.channels.binop import BinaryOperatorAggregate
from langgraph.channels.delta import DeltaChannel
from typing_extensions import TypedDict

FOLDED = ("messages",)
"""Channels of the state that are made of what was written to them, step by step; all others stand whole in every
checkpoint."""

Task = Literal["speak", "resolve", "moderate", "observe", "judge", "measure", "report"]


class Activation(TypedDict, total=False):
    """What a node is to do in the next superstep; ``turn`` is the number that a played turn will have."""

    role: str
    task: Task
    turn: int
    goal: int
    measures: list[str]
    pairs: list[list[str | None]]
    """Measures with the roles that they are of, where not all of them are wanted."""
    detail: str
    """Tells apart what one role does in one turn under the same task."""


class Line(TypedDict, total=False):
    """A thing said, done or put into the world, as prompts show it; always with a ``turn``.

    ``id`` is the key of its event; ``type`` and ``content`` are what chat views expect. Nodes write lines as tuples:
    LangGraph makes message objects of the dicts in a list, which cost forty times as much to store.
    """

    id: str
    type: Literal["ai", "human", "system", "remove"]
    kind: str
    speaker: str | None
    name: str
    content: str
    turn: int
    audience: str | list[str]
    played_by: str
    """Who spoke for the speaker; left out where its model did by itself."""


class Move(TypedDict):
    """A typed move: an action and its arguments."""

    action: str
    arguments: dict[str, Any]


class Played(TypedDict, total=False):
    """What a role did in a turn, as far as the flow needs it."""

    role: str
    turn: int
    text: str
    to: str | None
    moves: list[Move]
    changes: list[dict[str, Any]]
    ends: str | None
    kinds: list[str]
    seconds: float
    skipped: bool
    audience: str | list[str]
    """Who hears ``text``."""


def moves_of(played: Mapping[str, Any]) -> list[Move]:
    """The typed moves of a turn, in their order; checkpoints of before 0.2 hold the last one alone."""
    if "moves" in played:
        return list(played["moves"])
    action = played.get("action")
    return [{"action": action, "arguments": played.get("arguments") or {}}] if action else []


class Scene(TypedDict):
    """A group that talks by itself beside others: who, how many turns it has had, and how many it has."""

    roles: list[str]
    done: int
    turns: int


class Circle(TypedDict):
    """The present round of a phase whose speakers change: who takes part, and how far it is."""

    roles: list[str]
    done: int
    size: int
    rounds: int
    """How many rounds of the phase were over before it."""
    scenes: dict[str, Scene]


class Clock(TypedDict):
    """Where the flow stands.

    ``fired`` and ``armed`` belong to injects, rules and ends by their place in the template.
    """

    phase_turns: int
    since: int
    visits: dict[str, int]
    last: str | None
    seconds: float
    tally: dict[str, dict[str, dict[str, int]]]
    events: dict[str, int]
    spoken: dict[str, dict[str, float]]
    """Role to its speech so far, as far as the Analyst who measures hears it: turns, words, milliseconds, sentiment."""
    fired: dict[str, int]
    armed: dict[str, bool]
    stands: NotRequired[str]
    """Why the run is to pause before the next step: it has come to the point that its operator named."""
    circle: NotRequired[Circle | None]
    moves: NotRequired[list[dict[str, Any]]]
    """The moves of the present round, where an expression reads them: role, action, args."""
    chosen: NotRequired[dict[str, dict[str, dict[str, Any]]]]
    """Action to field to role to what it gave last in this phase, where an expression reads it."""
    turns: NotRequired[dict[str, int]]
    """Role to the turns that it has taken; checkpoints of before 0.2 have none."""
    awaited: NotRequired[dict[str, list[str]]]
    """While the flow waits for measures of the last turn: their names, and the kinds of event of that turn."""


def latest(old: Any, new: Any) -> Any:
    """The last write wins; simultaneous speakers all write the same."""
    return new


def merge(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Keys of the write over keys of the value."""
    return {**(old or {}), **(new or {})}


UNPRICED = "unpriced"
"""Counts the calls in a usage whose cost is unknown; ``cost_usd`` is the sum of the others, for budgets."""


def add(old: dict[str, float] | None, new: dict[str, float] | None) -> dict[str, float]:
    """Numbers of the write added to numbers of the value."""
    total = dict(old or {})
    for key, value in (new or {}).items():
        total[key] = total.get(key, 0) + value
    return total


def shown_usage(usage: Mapping[str, float]) -> dict[str, float | None]:
    """Totals as people see them: the cost is unknown where that of a single call is."""
    shown: dict[str, float | None] = {name: amount for name, amount in usage.items() if name != UNPRICED}
    if usage.get(UNPRICED):
        shown["cost_usd"] = None
    return shown


def collect(old: list[Any] | None, new: list[Any] | None) -> list[Any]:
    """Lists joined; None empties."""
    return [] if new is None else [*(old or []), *new]


def as_line(message: Any, index: int, turn: int) -> Line:
    """A line from a chat message that a person wrote into the state, in Studio say.

    LangGraph makes message objects of such dicts; what they say beyond a chat message comes back from
    ``additional_kwargs``. A message that says no more is an inject that everyone hears at this turn.
    """
    plain = message if isinstance(message, Mapping) else {
        **message.additional_kwargs, "id": message.id, "type": message.type, "content": message.content,
        "name": message.name}
    content = plain.get("content", "")
    if not isinstance(content, str):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    ours = {key: plain[key] for key in ("kind", "speaker", "turn", "audience", "played_by") if key in plain}
    line = {"kind": "inject", "speaker": None, "turn": turn, "audience": "all", **ours,
            "id": str(plain.get("id") or f"m{index}"), "type": plain.get("type", "human"),
            "name": str(plain.get("name") or ""), "content": content}
    return cast(Line, line)


def let_go(newest: int, turns: int | None) -> int:
    """The turn up to which lines have left the state when its newest line is of turn ``newest``."""
    return -1 if turns is None or newest < 2 * turns else (newest - turns) // turns * turns


def keep_recent(turns: int | None) -> Callable[[list[Line], Sequence[Iterable[Any]]], list[Line]]:
    """A reducer that joins lines by id and lets go of those older than ``turns`` to twice ``turns``; None keeps all.

    A line with a known id replaces it. The cut depends on the newest line alone, so that folding writes in other
    batches gives the same list.
    """

    def reduce(lines: list[Line], writes: Sequence[Iterable[Any]]) -> list[Line]:
        joined = {line["id"]: line for line in lines}
        newest = max(map(itemgetter("turn"), lines), default=0)
        for write in writes:
            for item in write:
                known = isinstance(item, dict) and "audience" in item
                line = cast(Line, item) if known else as_line(item, len(joined), newest)
                if line["type"] == "remove":
                    joined.pop(line["id"], None)
                else:
                    joined[line["id"]] = line
                    newest = max(newest, line["turn"])
        gone = let_go(newest, turns)
        return [line for line in joined.values() if line["turn"] > gone]

    return reduce


# -- the channels: every router is given a copy of all of them, and LangGraph's own take their time to make one -------

class Reduced(BinaryOperatorAggregate[Any]):
    """A channel that joins what is written to it with its value."""

    __slots__ = ()

    def copy(self) -> Self:
        """The channel again: a reducer changes no value, it gives another."""
        made = object.__new__(type(self))
        made.key, made.typ, made.operator, made.value = self.key, self.typ, self.operator, self.value
        return made


class Folded(DeltaChannel[Any]):
    """A channel that is made of what was written to it."""

    __slots__ = ()

    def copy(self) -> Self:
        """The channel again: a reducer changes no value, it gives another."""
        made = object.__new__(type(self))
        made.key, made.typ, made.reducer, made.value = self.key, self.typ, self.reducer, self.value
        made.snapshot_frequency = self.snapshot_frequency
        return made


def reduced(kind: Any, reducer: Callable[[Any, Any], Any]) -> Any:
    """The type of a field of the state that joins what is written to it."""
    return Annotated[kind, Reduced(kind, reducer)]


def state_schema(keep_turns: int | None) -> type[Any]:
    """The graph's state; lines older than ``keep_turns`` to twice that leave it (the event log keeps them)."""

    lines = Annotated[list[Line], Folded(keep_recent(keep_turns), snapshot_frequency=100)]
    channels: dict[str, Any] = {
        "messages": lines, "turn": int, "phase": str, "next": reduced(list[Activation], latest),
        "variables": reduced(dict[str, Any], latest), "clock": Clock, "moves": reduced(list[Played], collect),
        "memory": reduced(dict[str, dict[str, Any]], merge), "usage": reduced(dict[str, float], add),
        "measures": reduced(dict[str, Any], merge), "verdicts": reduced(dict[str, dict[str, Any]], merge),
        "people": reduced(dict[str, str | None], merge), "outcome": dict[str, Any] | None}
    return TypedDict("State", channels, total=False)  # type: ignore[operator,no-any-return]
