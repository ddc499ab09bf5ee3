"""What requests and answers share."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import ConfigDict, Field, StringConstraints

from pyscrai.databases.api.forms import ALIAS, NO_NUL, REFERENCE, ROLE, RUN_ID, TEMPLATE, VERSION, VISIBLE
from pyscrai.databases.api.problems import MEDIA_TYPE, ProblemDetails
from pyscrai.field_docs import Documented

Item = TypeVar("Item")


class Body(Documented):
    """What a client sends: all fields are known, no other is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Answer(Documented):
    """What the server answers."""

    model_config = ConfigDict(ser_json_inf_nan="null")


class Listing(Answer, Generic[Item]):
    """A page of things."""

    items: list[Item]
    next: str | None = None
    """Send it as ``cursor`` for the next page; null where there is none."""


Label = Annotated[str, StringConstraints(max_length=200, pattern=VISIBLE)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=VISIBLE)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=NO_NUL)]
RoleName = Annotated[str, StringConstraints(pattern=ROLE, max_length=48)]
AliasName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=ALIAS)]
VersionName = Annotated[str, StringConstraints(pattern=VERSION)]
TemplateName = Annotated[str, StringConstraints(pattern=TEMPLATE, max_length=64)]
TemplateReference = Annotated[str, StringConstraints(pattern=REFERENCE, max_length=100)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Value = bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | float | Annotated[
    str, StringConstraints(max_length=20_000, pattern=NO_NUL)]

RunId = Annotated[str, Path(pattern=RUN_ID, description="A run's id.", examples=["run_1jn9qhwhd8ez"])]
RolePath = Annotated[RoleName, Path(description="A role of the run's cast.", examples=["mayor"])]
TurnPath = Annotated[int, Path(ge=0, le=1_000_000, description="How many turns were played.", examples=[3])]
TurnQuery = Annotated[int | None, Query(ge=0, le=1_000_000, description="As of which turn; now, if left out.")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="Items on a page at most.")]
EventId = Annotated[int, Field(ge=0, le=2**63 - 1)]


_ABOUT = {
    400: "The request cannot be read.", 401: "A key is needed, or it is not known.",
    403: "The key's scopes, or the page's origin, do not allow this.", 404: "There is nothing of that name.",
    409: "It does not fit the state of things; `cure` says what does.", 413: "The request is too large.",
    414: "The address is too long.", 431: "The headers are too large.",
    421: "The server does not answer to this name.", 422: "The request does not fit; `problems` says where.",
    429: "Too many requests; `Retry-After` says when to come again.",
    502: "The model failed.", 503: "The database or a setting cannot be used.",
    504: "The model did not answer in time.",
}

ALWAYS = (400, 401, 403, 413, 414, 421, 422, 429, 431, 503)
"""Problems that any request may meet."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an operation documents: those that any request may meet, and these."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}}}
    return {status: {"description": _ABOUT[status], "content": content} for status in sorted({*ALWAYS, *statuses})}
