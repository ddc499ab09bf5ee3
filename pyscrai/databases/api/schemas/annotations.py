"""Notes on events, as the API sends and takes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from pyscrai.databases.api.forms import NO_NUL, VISIBLE
from pyscrai.databases.api.schemas.base import Answer, Body, Tag


class NewAnnotation(Body):
    """A note on an event of a run."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"key": "t3", "text": "Here the mood turns.", "tags": ["turning point"]}]})

    key: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=VISIBLE)]
    """The event's ``key``."""
    text: Annotated[str, StringConstraints(max_length=4_000, pattern=NO_NUL)] = ""
    tags: tuple[Tag, ...] = Field((), max_length=20)


class Annotation(Answer):
    """A note, and who wrote it."""

    id: int
    key: str
    author: str
    text: str
    tags: list[str]
    created_at: str
