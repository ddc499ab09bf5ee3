"""Seats, as the API sends and takes them."""

from __future__ import annotations

from typing import Any, Literal

from pyscrai.databases.api.schemas.base import Answer, Body, Tag


class NewSeat(Body):
    """Who is to sit there."""

    person: Tag = "guest"
    """The person's name, as the record says it."""


class SeatToken(Answer):
    """A token that is bound to one role of one run: shown this once, stored as a hash."""

    run_id: str
    role: str
    person: str
    token: str


class SeatView(Answer):
    """Where a run stands as one role knows it."""

    role: str
    name: str
    person: str
    title: str
    status: Literal["asked", "going_on", "standing", "ended"]
    turn: int
    phase: str
    secret: str
    variables: dict[str, Any]
    cast: dict[str, str]
    """Role to the name it goes by."""
    request: dict[str, Any] | None
    """What is asked here, where the run waits for it: `role`, `name`, `turn`, `task`, `phase`, `note`, the `schema` of
    the answer, and `choices` where a moderator is asked. With `task: approve` the person decides about the `proposal`
    of another role's model or program: `about` says of what (`speak`, `resolve`, `moderate` or `tool`)."""


class SeatLine(Answer):
    """Something that the role heard."""

    id: int
    turn: int
    kind: str
    source: str
    to: list[str] | None
    """Who alone heard it; null where all did."""
    name: str | None = None
    text: str | None = None
    phase: str | None = None
    action: str | None = None
    arguments: dict[str, Any] | None = None
    variable: str | None = None
    old: Any = None
    new: Any = None
    tool: str | None = None
