"""The place of a piece of work in a run: what calls are recorded under, and the keys of the events that come of it.

It is the same after a crash, in a replay and in a fork's shared past, so that nothing is asked or recorded twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyscrai.engines.ports.record import CallKey


class Keys:
    """Event keys of one node's work: ``t7``, ``t7.1``, ``t7.2`` …, the same whenever it is done again."""

    def __init__(self, stem: str) -> None:
        self.stem, self.count = stem, 0

    def __call__(self) -> str:
        key = f"{self.stem}.{self.count}" if self.count else self.stem
        self.count += 1
        return key


@dataclass(frozen=True, slots=True)
class Place:
    """A role's task in a turn.

    ``detail`` tells apart what one role does in one turn under the same task: the goal that it judges, the number of a
    later measurement, and after a ``@`` the score that is asked for beside others. It is empty for the first of them,
    which keeps the keys of earlier versions.
    """

    turn: int
    role: str
    task: str
    detail: str = ""

    @classmethod
    def of(cls, activation: Mapping[str, Any]) -> Place:
        """The place of an activation."""
        goal = activation.get("goal") or 0
        return cls(activation["turn"], activation["role"], activation["task"],
                   activation.get("detail") or (str(goal) if goal else ""))

    def apart(self, name: str) -> Place:
        """A place of its own for a question that is asked at the same time as others."""
        return replace(self, detail=f"{self.detail}@{name}")

    @property
    def label(self) -> str:
        """The task with its detail."""
        return f"{self.task}:{self.detail}" if self.detail else self.task

    def call(self, ordinal: int) -> CallKey:
        """The key of one of the place's calls; they are counted from 0."""
        return CallKey(self.turn, self.role, self.label, ordinal)

    @property
    def stem(self) -> str:
        """The beginning of the keys of all events about this place's calls, and of all events of one who looks on."""
        return f"t{self.turn}.{self.role}.{self.label}"

    def turn_keys(self) -> Keys:
        """The keys of the events of a turn, or of the choice of who takes it."""
        return Keys(f"t{self.turn}.moderate" if self.task == "moderate" else f"t{self.turn}")

    def watch_keys(self) -> Keys:
        """The keys of the events of one who looks on."""
        return Keys(self.stem)

    def note_key(self, ordinal: int, about: str) -> str:
        """The key of an event about how a call went."""
        return f"{self.stem}.c{ordinal}.{about}"

    def earlier_note_key(self, number: int) -> str:
        """The key under which earlier versions recorded such an event: they counted through all calls of a place."""
        return f"{self.stem}.x{number}"


def is_earlier_note(key: str) -> bool:
    """Whether an event about how a call went was recorded by an earlier version."""
    stem, _, last = key.rpartition(".")
    return bool(stem) and last[:1] == "x" and last[1:].isdigit()


def opening_keys() -> Keys:
    """The keys of the events with which a play opens."""
    return Keys("t0")


def gather_keys(turn: int) -> Keys:
    """The keys of what follows from a round in which all spoke at once; ``turn`` is its last one."""
    return Keys(f"t{turn}.gather")


def awaited_keys(turn: int) -> Keys:
    """The keys of what follows from a turn once the measures are taken that the play waits for."""
    return Keys(f"t{turn}.after")


def command_keys(number: int) -> Keys:
    """The keys of what a person's command does."""
    return Keys(f"c{number}")
