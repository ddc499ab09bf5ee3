"""Controls of runs, as the API takes and answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from pyscrai.databases.api.forms import RUN_ID
from pyscrai.databases.api.schemas.base import Answer, Body, Label, RoleName, Value, Words
from pyscrai.lifecycle import Desired, RunStatus
from pyscrai.templates.models.world import InjectText


class Reason(Body):
    """Why something is asked; it is kept in the record."""

    reason: Label = ""


class NewInject(Body):
    """Something to be put into the world; the next turn takes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"text": "The power goes out.", "audience": ["all"], "label": "blackout"}]})

    text: Words
    audience: tuple[RoleName, ...] = Field(("all",), min_length=1, max_length=200)
    """Roles and groups, or ``all``."""
    source: Label = ""
    label: Label = ""
    set: dict[RoleName, Value] = Field(default_factory=dict, max_length=200)
    """Variables and their new values."""

    def content(self) -> InjectText:
        """The content that is put into the world, as templates have it."""
        return InjectText(text=self.text, audience=self.audience, source=self.source)


class NewBudget(Body):
    """What a run may cost in all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"budget_usd": 0.5}]})

    budget_usd: Annotated[float, Field(gt=0, le=1e9)] | None
    """In US dollars; null lifts the bound."""
    allow_unknown_price: bool = False
    """Whether it may go with models that have no known price; their calls are then not counted."""


class ReplyContent(Body):
    """What is said and done in a turn, as the request's schema asks for it."""

    text: Words | None = None
    to: RoleName | tuple[RoleName, ...] | None = None
    """Who is addressed; a list where several may be."""
    actions: dict[RoleName, dict[RoleName, Value] | None] | None = Field(None, max_length=50)
    changes: tuple[dict[Literal["variable", "value", "reason"], Value], ...] | None = Field(None, max_length=200)
    scene_over: bool | None = None


class EditedContent(ReplyContent):
    """What a person puts in place of parts of a proposal."""

    next: RoleName | None = None
    """Who speaks next, where that was proposed."""
    arguments: dict[str, Any] | None = None
    """What the tool is used with, where the use of one was proposed."""


class HumanReply(ReplyContent):
    """What a person answers for a role: speech, and whatever else the request's schema asks for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "We close the mains now."}]})

    next: RoleName | None = None
    """Who speaks next, where a moderator is asked."""
    decision: Literal["accept", "edit", "reject"] | None = None
    """What becomes of a proposal, where the role's turns and uses of tools are to be approved."""
    reason: Words | None = None
    """Why it is rejected; a role that may not use a tool is told."""
    edited: EditedContent | None = None
    """What is said, done or chosen instead, where it is edited; what is left out stays as it was proposed."""
    release: Literal[True] | None = None
    """Alone: let the role's model play this one turn."""

    @model_validator(mode="after")
    def _says_something(self) -> HumanReply:
        given = self.given()
        if not given:
            raise ValueError("the answer is empty")
        if self.release and len(given) > 1:
            raise ValueError("`release` stands alone")
        return self

    def given(self) -> dict[str, Any]:
        """The answer, without fields that were left out."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class AcceptedControl(Answer):
    """A control that is durable; the run does it as soon as it can."""

    run_id: str
    action: str
    actor: str
    status: RunStatus
    """The run's status when it was asked."""
    desired: Desired
    """The state that is desired of it now."""
    control_id: int | None = None
    """The number, in its run, of a control that waits for a turn to take it. Keys of its events begin with c and it."""


class ManyRuns(Body):
    """Runs of which the same is asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_ids": ["run_1jn9qhwhd8ez"], "reason": "lunch"}]})

    run_ids: tuple[Annotated[str, StringConstraints(pattern=RUN_ID)], ...] = Field(min_length=1, max_length=1_000)
    reason: Label = ""


class Refusal(Answer):
    """A run of which something could not be asked, and why."""

    run_id: str
    code: str
    detail: str
    cure: str | None


class ManyAccepted(Answer):
    """Of which runs something is asked now, and of which not."""

    action: str
    actor: str
    accepted: list[str]
    refused: list[Refusal]


class SeatReply(HumanReply):
    """What a person answers at a seat."""

    role: RoleName | None = None
    """Whose proposal is decided about, where several wait; else what is asked first is answered."""

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in super().given().items() if name != "role"}
