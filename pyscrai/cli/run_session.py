"""Plays a run to where it stops, with a view that shows it, a person who may answer, and signals that pause it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyscrai.audience import heard, without_kept_back
from pyscrai.cli.exit_codes import Exit, of_run
from pyscrai.cli.terminal import output
from pyscrai.cli.terminal.interruption import Interruption, Keyboard
from pyscrai.cli.views.view import Closing, LinesView, Opening, View
from pyscrai.errors import WrongState
from pyscrai.exports.event_line import event_line

if TYPE_CHECKING:
    from pyscrai.databases.stored_event import StoredEvent
    from pyscrai.engines.scenario_runner import Result, ScenarioRunner
    from pyscrai.factories.services import Services


STANDING = frozenset({"run_paused", "run_resumed", "run_waiting", "run_completed", "run_failed", "run_stopped"})
"""What says how the run stands: a person who plays sees it, whatever the role hears."""


class Watching:
    """Hands the events of one run to a view; what the view cannot show pauses the run instead of being lost.

    Args:
        only_for: the role of the person who plays; what this role may not know is not shown.
    """

    def __init__(self, view: View, run_id: str, *, only_for: str | None = None) -> None:
        self.view, self.run_id, self.only_for = view, run_id, only_for
        self.failure: BaseException | None = None
        self.interruption: Interruption | None = None

    def __call__(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        """What the record's writer calls when events are durable."""
        if run_id != self.run_id or self.failure is not None:
            return
        try:
            for event in events:
                if self.only_for is None or event.kind in STANDING or heard(
                        self.only_for, kind=event.kind, audience=event.audience, source=event.source):
                    line = event_line(event)
                    self.view.event(line if self.only_for is None else without_kept_back(event.kind, line))
        except OSError as error:  # a broken pipe, a terminal that went away
            self.failure = error
            if self.interruption is not None:
                self.interruption.request()

    def token(self, role: str, turn: int, piece: str | None) -> None:
        """A piece of speech; who will hear it is not known yet, so a person who plays sees only what is recorded."""
        if self.only_for is None and self.failure is None:
            self.view.token(role, turn, piece)


async def play(services: Services, run_id: str, opening: Opening, view: View, *, answer: str | None = None,
               person: str = "", only_for: str | None = None) -> Exit:
    """Play a stored run on and show it.

    Args:
        answer: what ``--answer`` gives to the turn that the run waits for.
        person: the name of the person at the terminal; empty for whoever plays the role that is asked.

    Raises:
        WrongState: an answer is given and the run does not wait for one.
        Fenced: another process took the run over.
    """
    from pyscrai.factories.scenario_factory import open_run

    watching = Watching(view, run_id, only_for=only_for if _can_ask(view) else None)
    begun = time.monotonic()
    unsubscribe = services.writer.subscribe(watching)
    try:
        async with open_run(services, run_id, listener=watching.token if view.streams else None) as runner:
            with Interruption(lambda: runner.pause("interrupted"), _tell(view)) as interruption:
                watching.interruption = interruption
                view.opened(opening)
                try:
                    result = await _drive(runner, view, interruption, answer=answer, person=person)
                except asyncio.CancelledError:
                    if not interruption.requested.is_set():
                        raise
                    result = await runner.hold("cut off")
    finally:
        unsubscribe()
        view.suspend()
    if watching.failure is not None:
        raise watching.failure
    interrupted = interruption.requested.is_set()
    view.closed(Closing(
        run_id, result.status, dict(result.outcome) if result.outcome else None, await usage_of(services, run_id),
        dict(result.error) if result.error else None, time.monotonic() - begun, interrupted=interrupted,
        waiting=dict(result.waiting) if result.waiting else None))
    return of_run(result.status, result.outcome, interrupted=interrupted)


async def _drive(runner: ScenarioRunner, view: View, interruption: Interruption, *, answer: str | None, person: str
                 ) -> Result:
    async def drive(given: Mapping[str, Any] | None = None) -> Result:
        task = asyncio.ensure_future(runner.play(answer=given))
        interruption.guard(task.cancel)
        return await task

    result = await drive()
    if answer is not None:
        from pyscrai.cli.terminal.person import read_answer
        from pyscrai.engines.agents.person import check_answer

        if result.status != "waiting" or result.waiting is None:
            raise WrongState("the run waits for no answer", cure="leave --answer out")
        given = read_answer(answer, result.waiting)
        if not given.get("release"):
            check_answer(given, result.waiting)
        name = person or result.waiting.get("person")
        result = await drive({**given, **({"person": name} if name else {})})
    while result.status == "waiting" and result.waiting and not interruption.requested.is_set() and _can_ask(view):
        from pyscrai.cli.terminal.person import Person

        view.suspend()
        asked = await Person(Keyboard(interruption), output.console(),
                             person or result.waiting.get("person") or "").answer(result.waiting)
        if asked is None:
            break
        result = await drive(asked)
    return result


async def usage_of(services: Services, run_id: str) -> dict[str, Any]:
    """What the run took so far: turns, calls, tokens and cost."""
    from pyscrai.exports.run_reader import usage

    async with services.database.read() as session:
        return await usage(session, run_id)


def _can_ask(view: View) -> bool:
    from pyscrai.cli.views.view import JsonView

    return not isinstance(view, JsonView | LinesView) and sys.stdin.isatty()


def _tell(view: View) -> Any:
    from pyscrai.cli.views.live_view import LiveView

    return view.say if isinstance(view, LiveView) else output.note
