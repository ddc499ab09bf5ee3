"""The error taxonomy: one root, split by the moment in which a thing goes wrong.

Every error has a stable ``code`` that programs may rely on, a message for people, and, where one is known,
a ``cure``: what to do about it. HTTP statuses and exit codes are mapped at the edges, never here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal


class PyscraiError(Exception):
    """Something PyScrAI can name: what went wrong and what to do about it."""

    code = "pyscrai.error"

    def __init__(self, message: str, *, cure: str | None = None, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        if code is not None:
            self.code = code
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} ({self.cure})" if self.cure else self.message

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data: ``code``, ``message``, ``cure`` and its details."""
        return {"code": self.code, "message": self.message, "cure": self.cure, **self.details}


class ConfigError(PyscraiError):
    """The operator's settings cannot be used: pyscrai.toml, the environment or a model alias."""

    code = "config.invalid"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a template: where it stands, the value found there, what is wrong and the cure.

    ``line`` and ``column`` count from 1; they are None where the template did not come from a text. A ``warning`` says
    that something is probably not meant; the template can be played all the same.
    """

    code: str
    message: str
    field: str = ""
    value: Any = None
    cure: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        field = f"{self.field}: " if self.field else ""
        cure = f" ({self.cure})" if self.cure else ""
        return f"{place + ': ' if place else ''}{field}{self.message}{cure}"

    def as_dict(self) -> dict[str, Any]:
        """The problem as plain data, for ``--json`` and problem details."""
        return asdict(self)


class TemplateError(PyscraiError):
    """A template cannot be used; ``problems`` names every mistake that was found, not only the first."""

    code = "template.invalid"

    def __init__(self, problems: Sequence[Problem], *, message: str | None = None, code: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__(message or "\n".join(str(problem) for problem in self.problems), code=code)

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self.problems]}


class ExpressionError(PyscraiError):
    """A CEL expression cannot be read or computed. ``position`` counts characters from 0, where it is known."""

    code = "template.expression"

    def __init__(self, message: str, *, position: int | None = None, cure: str | None = None) -> None:
        super().__init__(message, cure=cure, position=position)
        self.position = position


class VersionConflict(PyscraiError):
    """Another content is already stored under this name and version; versions are immutable."""

    code = "template.version_conflict"


class NotFound(PyscraiError):
    """Nothing of that name or id is stored."""

    code = "not_found"


def no_run(run_id: str) -> NotFound:
    """The error for an id that no run has."""
    return NotFound(f"no run has the id {run_id}", cure="`pyscrai runs` lists them", run=run_id)


class RunError(PyscraiError):
    """A run cannot be made or cannot do what is asked of it now."""

    code = "run.invalid"


class WrongState(RunError):
    """The run's state does not allow this; the message says which states or controls would."""

    code = "run.wrong_state"


class Fenced(RunError):
    """Another process took this run over; this one must stop writing at once."""

    code = "run.fenced"


class BudgetSpent(RunError):
    """The budget of the experiment or caller that a run is played for is spent: the run stands and waits for more."""

    code = "run.budget_spent"


class EngineError(PyscraiError):
    """A turn could not be brought to an end: the failure policy of its role says what follows."""

    code = "engine.failed"


class PromptError(EngineError):
    """A prompt template is missing, broken or uses a variable that it is not given."""

    code = "engine.prompt"


class ReplyError(EngineError):
    """A model answered, but not with something that can be used, and repairing did not help."""

    code = "engine.reply"


class TryAgain(ReplyError):
    """A model's line is poor; asking once more often helps. That is no failure, and counts as no repair.

    Args:
        again: makes the request into the one to ask next.
    """

    code = "engine.poor"

    def __init__(self, message: str, *, again: Callable[[Any], Any]) -> None:
        super().__init__(message)
        self.again = again


class ReplayError(PyscraiError):
    """A replay left the recorded path; the message names the first difference."""

    code = "replay.diverged"


LONGEST_RETRY = 600.0
"""Seconds that an endpoint may ask to wait before another try; an endpoint that asks for more is closed for now."""


class ModelError(PyscraiError):
    """A model did not answer. ``retryable`` says whether asking again can help.

    Args:
        retry_after: seconds that the endpoint asked to wait, if it did.
    """

    code = "model.failed"
    retryable = False

    def __init__(self, message: str, *, retry_after: float | None = None, cure: str | None = None,
                 code: str | None = None, **details: Any) -> None:
        super().__init__(message, cure=cure, code=code, **details)
        self.retry_after = retry_after


class ModelUnavailable(ModelError):
    """The endpoint cannot be reached or cut the connection."""

    code = "model.unavailable"
    retryable = True


class ModelTimeout(ModelError):
    """The endpoint did not answer in time."""

    code = "model.timeout"
    retryable = True


class ModelRateLimited(ModelError):
    """The endpoint answered 429: too many requests or tokens."""

    code = "model.rate_limited"
    retryable = True


class ModelClosed(ModelError):
    """The endpoint asks to wait for longer than ``LONGEST_RETRY``: a run that has no other model pauses at once.

    ``details["retry_at"]`` is the time in UTC from which it answers again.
    """

    code = "model.closed"
    retryable = False


class ModelServerError(ModelError):
    """The endpoint answered with a 5xx status."""

    code = "model.server_error"
    retryable = True


class ModelReplyMalformed(ModelError):
    """The endpoint answered 200 with something that is no chat completion."""

    code = "model.malformed"
    retryable = True


class ModelThoughtOnly(ModelError):
    """The model answered with reasoning alone: nothing of its tokens was left for the reply."""

    code = "model.thought_only"
    retryable = True


class ModelRefused(ModelError):
    """The endpoint refused the request for good: a bad key, an unknown model, a bad parameter."""

    code = "model.refused"


class ModelContextExceeded(ModelError):
    """The prompt is longer than the model's context."""

    code = "model.context_exceeded"


class StorageError(PyscraiError):
    """The database cannot be used: unreachable, locked, or of another version."""

    code = "storage.failed"

    @property
    def passes(self) -> bool:
        """Whether it is an outage: waiting may help, and it is no fault of what was to be stored."""
        return self.code in ("storage.unreachable", "storage.busy", "storage.locked", "storage.full")
