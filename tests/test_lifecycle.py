"""A run's lifecycle, written out: status x desired state x action."""

from __future__ import annotations

from typing import get_args

import pytest

from pyscrai import lifecycle
from pyscrai.errors import WrongState
from pyscrai.events import AnyEvent
from pyscrai.lifecycle import ACTIONS, STATUSES, Action, Desired, Request, RunStatus

FITS = """
            start pause resume step stop cancel inject take-over release reply budget fork regenerate replay delete
pending     x     x     .      x    x    x      x      x         x       .     x      .    .          .      x
running     .     x     .      .    x    x      x      x         x       .     .      x    x          .      .
waiting     .     x     .      x    x    x      x      x         x       x     x      x    x          .      x
paused      .     .     x      x    x    x      x      x         x       .     x      x    x          .      x
completed   .     .     .      .    .    .      .      .         .       .     .      x    x          x      x
failed      .     .     x      .    x    x      .      .         .       .     .      x    x          x      x
stopped     .     .     .      .    .    .      .      .         .       .     .      x    x          x      x
"""

UNMET = """
            none run step wait wait_step pause stop cancel
pending     .    x   x    .    .         x     x    x
running     .    x   x    .    .         x     x    x
waiting     .    x   x    .    .         x     x    x
paused      .    x   x    .    .         .     x    x
completed   .    .   .    .    .         .     .    .
failed      .    x   x    .    .         .     x    x
stopped     .    .   .    .    .         .     .    .
"""


def table(text: str) -> dict[tuple[str, str], bool]:
    head, *rows = (line.split() for line in text.strip().splitlines())
    return {(row[0], name): cell == "x" for row in rows for name, cell in zip(head, row[1:], strict=True)}


def test_the_table() -> None:
    found = {(status, action): lifecycle.fits(status, "none", action) for status in STATUSES for action in ACTIONS}
    assert found == table(FITS)
    assert {(status, desired): lifecycle.is_unmet(status, desired) for status in STATUSES
            for desired in get_args(Desired)} == table(UNMET)
    assert all(set(lifecycle.unmet(status)) == {desired for (row, desired), cell in table(UNMET).items()
                                                if row == status and cell} for status in STATUSES)
    assert lifecycle.ENDED == ("completed", "failed", "stopped")
    assert lifecycle.FINAL == ("completed", "stopped")


@pytest.mark.parametrize("status", STATUSES)
def test_a_pause_that_is_not_carried_out_yet_can_be_taken_back(status: RunStatus) -> None:
    for desired in get_args(Desired):
        may = status in ("paused", "failed") or (desired == "pause" and status in ("running", "waiting"))
        assert lifecycle.fits(status, desired, "resume") is may


def test_what_does_not_fit_says_what_does() -> None:
    with pytest.raises(WrongState) as refused:
        lifecycle.check_fits("run_x", "completed", "none", "pause")
    assert refused.value.cure == "what fits: fork, regenerate, replay, delete"
    lifecycle.check_fits("run_x", "running", "run", "pause")


@pytest.mark.parametrize(("request_", "status", "desired"), [
    ("start", "pending", "run"), ("resume", "failed", "run"), ("step", "paused", "step"),
    ("step", "waiting", "wait_step"),
    ("pause", "running", "pause"), ("stop", "waiting", "stop"), ("cancel", "running", "cancel")])
def test_what_a_request_asks_for(request_: Request, status: RunStatus, desired: Desired) -> None:
    assert lifecycle.desired_by(request_, status) == desired
    assert lifecycle.is_unmet(status, desired) is (desired != "wait_step"), "somebody sees to it at once"


@pytest.mark.parametrize(("told", "status", "then"), [
    ("run", "paused", "pause"), ("step", "paused", "pause"), ("pause", "paused", "pause"), ("run", "waiting", "wait"),
    ("step", "waiting", "wait_step"), ("run", "failed", "none"), ("step", "failed", "none"), ("pause", "failed", None),
    ("run", "completed", None), ("stop", "stopped", None)])
def test_what_is_done_is_not_asked_for_again(told: Desired, status: RunStatus, then: Desired | None) -> None:
    assert lifecycle.settled(status, told) == then
    if then is not None:
        assert not lifecycle.is_unmet(status, then)


def test_every_way_to_stand_still_settles() -> None:
    """Whatever a run is told, and however it then stands: nobody sees to it again and again."""
    for status in ("waiting", "paused", "completed", "failed", "stopped"):
        for told in ("run", "step"):
            then = lifecycle.settled(status, told) or told  # type: ignore[arg-type]
            assert not lifecycle.is_unmet(status, then), (status, told)  # type: ignore[arg-type]


@pytest.mark.parametrize(("desired", "then"), [
    ("none", "run"), ("wait", "run"), ("wait_step", "step"), ("run", "run"), ("step", "step"), ("pause", "pause"),
    ("stop", "stop"), ("cancel", "cancel")])
def test_an_answer_takes_back_nothing_that_was_asked(desired: Desired, then: Desired) -> None:
    assert lifecycle.answered(desired) == then


def test_events_bring_statuses() -> None:
    assert lifecycle.BRINGS == {
        "run_started": "running", "run_resumed": "running", "run_waiting": "waiting", "run_paused": "paused",
        "run_completed": "completed", "run_failed": "failed", "run_stopped": "stopped"}
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(AnyEvent)[0])}
    assert kinds >= set(lifecycle.BRINGS) | lifecycle.LIFE_EVENTS
    assert {"run_completed", "run_failed", "run_stopped"} == lifecycle.END_EVENTS
    assert "run_started" not in lifecycle.LIFE_EVENTS


def test_every_action_fits_somewhere() -> None:
    for action in ACTIONS:
        assert any(lifecycle.fits(status, "none", action) for status in STATUSES), action
    assert set(ACTIONS) == set(get_args(Action)) or set(get_args(Request)) < set(ACTIONS)
