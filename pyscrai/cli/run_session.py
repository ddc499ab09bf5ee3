"""A run at a terminal: played by an engine manager, shown by a view, answered by a person, paused by signals.

The manager is the one that the server plays with, so what others ask of the run over the API reaches it here too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pyscrai.audience import heard, without_kept_back
from pyscrai.cli.exit_codes import Exit, of_run
from pyscrai.cli.terminal import output
from pyscrai.cli.terminal.answer_text import read_answer
from pyscrai.cli.terminal.interruption import Interruption, Keyboard
from pyscrai.cli.terminal.person import Person
from pyscrai.cli.views.json_view import JsonView
from pyscrai.cli.views.lines_view import LinesView
from pyscrai.cli.views.view import Closing, Opening, RunView
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import RunRow
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.run_registry import Taken
from pyscrai.errors import ConfigError, Fenced, PyscraiError, WrongState
from pyscrai.exports.event_line import event_line
from pyscrai.exports.run_reader import usage
from pyscrai.factories.services import Services
from pyscrai.lifecycle import BRINGS, FINAL
from pyscrai.services.replies import choose, reply
from pyscrai.services.run_registry import StoredRunRegistry
from pyscrai.services.run_states import waiting_requests


class RunWatcher:
    """Hands the events of one run to a view; what the view cannot show pauses the run instead of being lost.

    Args:
        only_for: roles of the people who play; what one of them may not know is not shown.
    """

    def __init__(self, view: RunView, opening: Opening, *, only_for: Collection[str] = ()) -> None:
        self._view, self._opening, self._only_for = view, opening, only_for
        self._is_open = False
        self.missing = False
        """Whether a measurement or the report could not be had."""
        self.paused = ""
        """Why the run paused last."""
        self.failure: BaseException | None = None
        self.interruption: Interruption | None = None

    def open(self) -> None:
        """Show what is played, before the first event of it."""
        if not self._is_open:
            self._is_open = True
            self._view.opened(self._opening)

    def __call__(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        """Take events that the record's writer says are durable."""
        if run_id != self._opening.run_id or self.failure is not None:
            return
        try:
            self.open()
            for event in events:
                self.missing |= event.kind == "result_missing"
                if event.kind == "run_paused":
                    self.paused = str(event.payload.get("reason", ""))
                if self._may_show(event):
                    line = event_line(event)
                    self._view.event(without_kept_back(event.kind, line) if self._only_for else line)
        except OSError as error:  # a broken pipe, a terminal that went away
            self.failure = error
            if self.interruption is not None:
                self.interruption.request()

    def token(self, role: str, turn: int, piece: str | None) -> None:
        """A piece of speech; who will hear it is not known yet, so a person who plays sees only what is recorded."""
        if not self._only_for and self.failure is None:
            self.open()
            self._view.token(role, turn, piece)

    def _may_show(self, event: StoredEvent) -> bool:
        # How the run stands is shown to a person who plays, whatever the role hears.
        return (event.kind in BRINGS and event.kind != "run_started") or all(
            heard(role, kind=event.kind, audience=event.audience, source=event.source) for role in self._only_for)


class RunSession:
    """Plays a stored run to where it stands.

    Args:
        person: the name of the person at the terminal; empty for whoever plays the role that is asked.
        roles: the roles that people play at this terminal.
        anybody: ask here for whoever is waited for; else only for these roles, and those that nobody else plays.
        as_desired: carry out what is desired of the run, such as one step, and do not simply play it on.
    """

    def __init__(self, services: Services, opening: Opening, view: RunView, *, person: str = "",
                 roles: Collection[str] = (), anybody: bool = False, as_desired: bool = False) -> None:
        self._services, self._run_id, self._view, self._person = services, opening.run_id, view, person
        self._roles, self._anybody = roles, anybody
        self._watcher = RunWatcher(view, opening, only_for=roles if self._can_ask else ())
        self._registry = StoredRunRegistry(services, only=opening.run_id, as_desired=as_desired)
        self._manager = EngineManager(self._registry, capacity=1)
        self._interruption = Interruption(self._pause, getattr(view, "say", output.note))

    async def play(self, answer: str | None = None) -> Exit:
        """Play the run on and show it.

        Args:
            answer: what ``--answer`` gives to the turn that the run waits for.

        Raises:
            WrongState: an answer is given and the run does not wait for one, or got another one.
            Taken, Fenced: another process plays it.
            ConfigError: a model of its cast cannot be used here.
        """
        begun = time.monotonic()
        had_ended = (await self._row()).status in FINAL
        unsubscribe = self._services.writer.subscribe(self._watcher)
        try:
            async with self._manager:
                await self._drive(answer)
        finally:
            unsubscribe()
            self._view.suspend()
        if self._watcher.failure is not None:
            raise self._watcher.failure
        return await self._close(time.monotonic() - begun, had_ended=had_ended)

    async def _drive(self, answer: str | None) -> None:
        stop_listening = self._registry.on_external_request(self._manager.wake)
        if self._view.streams:
            self._manager.listen_to_tokens(self._run_id, self._watcher.token)
        self._watcher.interruption = self._interruption
        self._interruption.guard(lambda: self._manager.cut_off(self._run_id, "cut off"))
        try:
            with self._interruption:
                if answer is None or (await self._row()).controls_waiting or not await self._requests():
                    await self._play_on()
                if answer is not None:
                    await self._answer(answer)
                while self._can_ask and not self._interruption.requested.is_set() and await self._ask_person():
                    pass
        finally:
            stop_listening()

    async def _play_on(self) -> None:
        try:
            await self._manager.play(self._run_id)
        except (Taken, Fenced, ConfigError):
            raise
        except PyscraiError:
            if (await self._row()).status != "failed":
                raise

    def _pause(self) -> None:
        if self._manager.is_live(self._run_id):
            self._manager.wake(self._run_id, "pause", reason="interrupted")

    # -- people -------------------------------------------------------------------------------------------------------

    async def _answer(self, text: str) -> None:
        requests = await self._requests()
        if not requests:
            raise WrongState("the run waits for no answer", cure="leave --answer out")
        request = choose(self._run_id, requests, None)
        await self._reply(request, read_answer(text, request))

    async def _ask_person(self) -> bool:
        """Ask the person at the terminal, where the run waits for one; False where nothing is left to be asked."""
        requests = [request for request in await self._requests() if self._asks(request)]
        if not requests:
            return False
        self._view.suspend()
        person = Person(Keyboard(self._interruption), output.console(), self._name(requests[0]))
        given = await person.answer(requests[0])
        if given is not None:
            await self._reply(requests[0], given)
        return given is not None

    async def _reply(self, request: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        answer = {name: value for name, value in given.items() if name != "person"}
        await reply(self._services, self._run_id, answer, actor=self._name(request) or "someone", role=request["role"],
                    wake=False)
        await self._play_on()

    async def _requests(self) -> Sequence[Mapping[str, Any]]:
        if (await self._row()).status != "waiting":
            return ()
        return await waiting_requests(self._services, self._run_id)

    def _asks(self, request: Mapping[str, Any]) -> bool:
        """Whether it is asked here, and not at somebody else's terminal or seat."""
        role = request.get("by") if "proposal" in request else request["role"]
        return self._anybody or request.get("person") in (None, "", "you") or role in self._roles

    def _name(self, request: Mapping[str, Any]) -> str:
        return self._person or str(request.get("person") or "")

    @property
    def _can_ask(self) -> bool:
        return not isinstance(self._view, JsonView | LinesView) and sys.stdin.isatty()

    # -- how it stands ------------------------------------------------------------------------------------------------

    async def _row(self) -> RunRow:
        async with self._services.database.read() as session:
            return await Runs(session).get(self._run_id)

    async def _close(self, seconds: float, *, had_ended: bool) -> Exit:
        self._watcher.open()
        row, requests = await self._row(), await self._requests()
        async with self._services.database.read() as session:
            used = await usage(session, self._run_id)
        interrupted = self._interruption.requested.is_set()
        self._view.closed(Closing(
            self._run_id, row.status, row.outcome, used, row.error, seconds, interrupted=interrupted,
            waiting=requests[0] if requests else None, had_ended=had_ended, missing=self._watcher.missing,
            paused=self._watcher.paused))
        return of_run(row.status, row.outcome, interrupted=interrupted)
