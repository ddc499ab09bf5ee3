"""A run's lifecycle in one table: its status, the state desired of it, what may be asked, and what events make of it.

``status`` is what a run does; only its own events change it. ``desired`` is what was asked of it last; it is stored
apart, so that whatever was accepted is carried out even if the process that accepted it dies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pyscrai.errors import WrongState

RunStatus = Literal["pending", "running", "waiting", "paused", "completed", "failed", "stopped"]
STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)

Desired = Literal["none", "run", "step", "wait", "wait_step", "pause", "stop", "cancel"]
"""``none`` before anybody started the run or after it failed; ``wait`` until a person has answered, and ``wait_step``
where the run pauses after the step that the answer belongs to."""

Request = Literal["start", "pause", "resume", "step", "stop", "cancel"]
"""Actions that change the desired state and nothing else."""

Action = Literal[Request, "inject", "take-over", "release", "reply", "budget", "fork", "regenerate", "replay", "delete"]
ACTIONS: tuple[Action, ...] = (*get_args(Request), "inject", "take-over", "release", "reply", "budget", "fork",
                               "regenerate", "replay", "delete")


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of the table."""

    fits: str
    """Actions that make sense, separated by spaces."""
    unmet: str = ""
    """Desired states that a run of this status has not reached: somebody has to see to it."""
    settles: Mapping[Desired, Desired] | Desired | None = None
    """What is desired once a run stands like this, by what it was told; None where nothing changes."""
    event: str = ""
    """The kind of event that brings the status, where there is one alone."""
    ended: bool = False
    """Whether ``ended_at`` is set. A failed run has ended, but may go on."""


TABLE: Mapping[RunStatus, Standing] = {
    "pending": Standing(
        fits="start pause step stop cancel inject take-over release budget delete",
        unmet="run step pause stop cancel"),
    "running": Standing(
        fits="pause stop cancel inject take-over release fork regenerate",
        unmet="run step pause stop cancel"),
    "waiting": Standing(
        fits="pause step stop cancel inject take-over release reply budget fork regenerate delete",
        unmet="run step pause stop cancel",
        settles={"run": "wait", "step": "wait_step"}, event="run_waiting"),
    "paused": Standing(
        fits="resume step stop cancel inject take-over release budget fork regenerate delete",
        unmet="run step stop cancel",
        settles="pause", event="run_paused"),
    "completed": Standing(
        fits="fork regenerate replay delete", event="run_completed", ended=True),
    "failed": Standing(
        fits="resume stop cancel fork regenerate replay delete",
        unmet="run step stop cancel",
        settles={"run": "none", "step": "none"}, event="run_failed", ended=True),
    "stopped": Standing(
        fits="fork regenerate replay delete", event="run_stopped", ended=True),
}
"""What holds for a run of each status."""

_FITS = {status: frozenset(row.fits.split()) for status, row in TABLE.items()}
_UNMET = {status: frozenset(row.unmet.split()) for status, row in TABLE.items()}

ENDED: tuple[RunStatus, ...] = tuple(status for status, row in TABLE.items() if row.ended)
FINAL: tuple[RunStatus, ...] = tuple(status for status in ENDED if not TABLE[status].unmet)
"""Statuses that a run never leaves."""

BRINGS: Mapping[str, RunStatus] = {
    "run_started": "running", "run_resumed": "running",
    **{row.event: status for status, row in TABLE.items() if row.event}}
"""The status that an event of a run's life brings."""

END_EVENTS = frozenset(kind for kind, status in BRINGS.items() if TABLE[status].ended)
"""Kinds of event with which a run ends."""

LIFE_EVENTS = frozenset(BRINGS) - {"run_started"} | {"run_forked", "not_applied"}
"""Kinds of event that are about one playing of a run and not about the play."""

REQUEST_KEY = "control."
"""How the key of a ``control`` event begins that tells of a request or a reply, and that no turn took."""

STANDING_STILL: frozenset[Desired] = frozenset({"pause", "stop", "cancel"})
"""Desired states for which a run that plays has to be interrupted."""

_DESIRES: Mapping[Request, Desired] = {
    "start": "run", "pause": "pause", "resume": "run", "step": "step", "stop": "stop", "cancel": "cancel"}

_ANSWERED: Mapping[Desired, Desired] = {"none": "run", "wait": "run", "wait_step": "step"}


def fits(status: RunStatus, desired: Desired, action: Action) -> bool:
    """Whether an action makes sense. A pause that is not carried out yet can be taken back."""
    return action in _FITS[status] or (action == "resume" and desired == "pause" and status in ("running", "waiting"))


def check_fits(run_id: str, status: RunStatus, desired: Desired, action: Action) -> None:
    """Check that an action makes sense now.

    Raises:
        WrongState: it does not; the cure says what would.
    """
    if not fits(status, desired, action):
        fitting = [other for other in ACTIONS if fits(status, desired, other)]
        raise WrongState(f"{run_id} is {status}, which does not fit {action}", cure=f"what fits: {', '.join(fitting)}",
                         run=run_id, status=status, action=action, fitting=fitting)


def desired_by(request: Request, status: RunStatus) -> Desired:
    """The desired state that a request asks for; a run that waits for a person steps once that person has answered."""
    return "wait_step" if request == "step" and status == "waiting" else _DESIRES[request]


def is_unmet(status: RunStatus, desired: Desired) -> bool:
    """Whether a run has not reached what is desired of it."""
    return desired in _UNMET[status]


def unmet(status: RunStatus) -> tuple[Desired, ...]:
    """The desired states that a run of this status has not reached, in a fixed order."""
    return tuple(desired for desired in get_args(Desired) if desired in _UNMET[status])


def settled(status: RunStatus, told: Desired) -> Desired | None:
    """The state desired of a run that did what it was told and stands like this; None where nothing changes."""
    settles = TABLE[status].settles
    return settles.get(told) if isinstance(settles, Mapping) else settles


def answered(desired: Desired) -> Desired:
    """The state desired of a waiting run when a person has answered or something has arrived for its turn."""
    return _ANSWERED.get(desired, desired)
