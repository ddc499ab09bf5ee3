"""The exit codes of every command, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from pyscrai import errors


class Exit(IntEnum):
    """What the process says to the shell."""

    COMPLETED = 0
    """All went well; a run came to an end of its own."""
    FAILED = 1
    """A run failed or was stopped, a replay differed, or something could not be done."""
    USAGE = 2
    """The command, a template or the settings are wrong: nothing was played."""
    LIMIT = 3
    """A limit (turns, time, tokens, cost) ended the run."""
    INCOMPLETE = 3
    """Of an experiment or a grid of runs, something is not played, failed or not judged."""
    WAITING = 4
    """The run waits for a person, or paused itself; it can go on."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM; a run that was playing is paused."""
    BROKEN_PIPE = 141
    """Whoever read the output stopped reading."""


OF_ERROR: tuple[tuple[type[errors.PyscraiError], Exit], ...] = (
    (errors.TemplateError, Exit.USAGE),
    (errors.ExpressionError, Exit.USAGE),
    (errors.VersionConflict, Exit.USAGE),
    (errors.ConfigError, Exit.USAGE),
    (errors.NotFound, Exit.USAGE),
    (errors.Fenced, Exit.FAILED),
    (errors.RunError, Exit.USAGE),
    (errors.PyscraiError, Exit.FAILED),
)
"""The first that fits counts."""


def of_error(error: errors.PyscraiError) -> Exit:
    """The exit code of an error that ended a command."""
    return next(code for kind, code in OF_ERROR if isinstance(error, kind))


def of_run(status: str, outcome: Mapping[str, Any] | None, *, interrupted: bool = False) -> Exit:
    """The exit code of a command that played a run."""
    if status == "completed":
        return Exit.LIMIT if (outcome or {}).get("limit") else Exit.COMPLETED
    if interrupted:
        return Exit.INTERRUPTED
    return Exit.WAITING if status in ("waiting", "paused", "pending") else Exit.FAILED
