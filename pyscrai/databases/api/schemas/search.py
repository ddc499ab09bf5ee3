"""Lines that were searched for, as the API sends them."""

from __future__ import annotations

from pydantic import Field

from pyscrai.databases.api.schemas.base import Answer


class SearchHit(Answer):
    """A line that says the words."""

    id: int
    run_id: str
    run_name: str
    seq: int
    turn: int
    kind: str
    source: str | None
    name: str | None
    """The name of who says it, where it is speech."""
    created_at: str
    parts: list[str] = Field(min_length=1)
    """The text around the words in pieces; every second piece is a word that was looked for."""
