"""A run in Python: played, read, forked, interviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import select

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.errors import NotFound, RunError
from pyscrai.experiments.models.arms import EditedMessage
from pyscrai.exports.formats import WITH_CALLS, RunFormat, by_suffix, renderer
from pyscrai.exports.html import render_html
from pyscrai.exports.markdown import render_markdown
from pyscrai.exports.parquet import events_table
from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import call_facts, gather, metrics
from pyscrai.lab.markdown_text import MarkdownText
from pyscrai.lab.open_lab import OpenLab
from pyscrai.lab.progress import Progress, teller
from pyscrai.services.folder_export import with_family, write_run_folder
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.interviews import interview
from pyscrai.services.replays import Replay, replay_run
from pyscrai.services.run_export import chosen_runs, write_dataset
from pyscrai.services.run_states import moment
from pyscrai.services.run_tables import runs_of_query
from pyscrai.templates.models.world import InjectText

Inject = str | Mapping[str, Any] | InjectText
RunTable = Literal["events", "measurements", "turns", "calls", "runs"]
ACTOR = "lab"


def inject_of(given: Inject) -> InjectText:
    """An inject from its text, from plain data, or as it is."""
    if isinstance(given, InjectText):
        return given
    return InjectText.model_validate({"text": given} if isinstance(given, str) else given)


class AsyncRun:
    """One run. What it is stands in its properties as of the last look; ``refresh`` looks again."""

    def __init__(self, lab: OpenLab, row: RunRow) -> None:
        self._lab, self._row = lab, row

    @classmethod
    async def find(cls, lab: OpenLab, run_id: str) -> AsyncRun:
        """A stored run of a lab.

        Raises:
            NotFound: none fits, or more than one.
        """
        async with lab.services.database.read() as session:
            return cls(lab, await Runs(session).find(run_id))

    def __repr__(self) -> str:
        return f"<run {self.id} {self.status} turn {self.turn}>"

    @property
    def id(self) -> str:
        """The run's id."""
        return self._row.id

    @property
    def status(self) -> str:
        """pending, running, waiting, paused, completed, failed or stopped."""
        return self._row.status

    @property
    def turn(self) -> int:
        """The number of turns that were played."""
        return self._row.turn

    @property
    def seed(self) -> int:
        """The seed of random orders, dice and sampling."""
        return self._row.seed

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in effect."""
        return dict(self._row.parameters)

    @property
    def variables(self) -> dict[str, Any]:
        """The variables as they stand."""
        return dict(self._row.variables)

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The end that fired and why; None before that."""
        return None if self._row.outcome is None else dict(self._row.outcome)

    @property
    def error(self) -> dict[str, Any] | None:
        """The error, with ``code``, ``message`` and ``cure``."""
        return None if self._row.error is None else dict(self._row.error)

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        return tuple(self._row.tags)

    @property
    def parent(self) -> str | None:
        """The id of the run whose past it shares."""
        return self._row.parent_run_id

    @property
    def fork_turn(self) -> int | None:
        """The turn at which it left its parent."""
        return self._row.fork_turn

    @property
    def started_at(self) -> datetime | None:
        """The start of the run, in UTC."""
        return self._row.started_at

    @property
    def ended_at(self) -> datetime | None:
        """The end of the run, in UTC."""
        return self._row.ended_at

    async def refresh(self) -> AsyncRun:
        """Look at the run again; the same object."""
        async with self._lab.services.database.read() as session:
            self._row = await Runs(session).get(self.id)
        return self

    async def play(self, *, progress: Progress = None) -> AsyncRun:
        """Play on until the run stands: ended, paused, or waiting for a person; the same object.

        Raises:
            RunError: it has ended already.
        """
        await self.refresh()
        if self.status in ("completed", "stopped"):
            raise RunError(f"{self.id} is {self.status}", code="run.wrong_state", cure="fork it to play on otherwise")
        tell = teller(progress)
        services, manager = self._lab.services, self._lab.manager

        def watch(run_id: str, events: Sequence[Any]) -> None:
            if tell is not None and run_id == self.id:
                tell(f"{self.id}: turn {events[-1].turn}")

        async with services.database.session() as session:
            await DesiredStates(session).set([self.id], "run")
        unsubscribe = services.writer.subscribe(watch)
        try:
            manager.wake(self.id, "run", share=ACTOR)
            await manager.until_settled(self.id)
        except BaseException:
            manager.wake(self.id, "pause", reason="the caller was interrupted")
            raise
        finally:
            unsubscribe()
        await self.refresh()
        if tell is not None:
            tell(f"{self.id}: {self.status} after {self.turn} turns")
        return self

    async def transcript(self) -> MarkdownText:
        """The transcript in Markdown, with measurements and figures; notebooks show it formatted."""
        return MarkdownText("".join(render_markdown(await self._dossier())))

    async def html(self) -> str:
        """The run as one HTML page that needs nothing else."""
        return "".join(render_html(await self._dossier()))

    async def events(self, *, kinds: Sequence[str] = (), heard_by: str | None = None) -> list[dict[str, Any]]:
        """The events as plain data in their order, a fork's shared past first.

        Args:
            heard_by: only what this role may know.
        """
        async with self._lab.services.database.read() as session:
            return [event.as_dict() for event in await Events(session).read(
                self.id, kinds=kinds, heard_by=heard_by)]

    async def calls(self) -> list[dict[str, Any]]:
        """Its model calls: prompt, reply, tokens, cost, latency, model and fingerprint as reported."""
        async with self._lab.services.database.read() as session:
            return [call_facts(stored) for stored in await Calls(session).read(self.id)]

    async def metrics(self) -> dict[str, Mapping[str, Any]]:
        """The figures of the run: of the whole under ``run``, and of each role."""
        async with self._lab.services.database.read() as session:
            return await metrics(session, self.id)

    async def report(self) -> str:
        """The Analyst's last report in Markdown; empty where there is none."""
        return str((await self._dossier()).report)

    async def table(self, name: RunTable = "events") -> pa.Table:
        """A tidy table: ``events``, ``measurements``, ``turns`` (variables per turn), ``calls`` or ``runs``.

        ``.to_pandas()`` makes a data frame of it.
        """
        if name == "events":
            return events_table(await self._dossier())
        if name == "calls":
            return pa.Table.from_pylist([{key: value for key, value in call.items() if not isinstance(
                value, list | dict)} for call in await self.calls()])
        async with self._lab.services.database.read() as session:
            found = await runs_of_query(session, _only(self.id))
            return pa.Table.from_batches([batch async for batch in found.batches(session, name)],
                                         schema=found.schema(name))

    async def fork(self, at_turn: int, *, variables: Mapping[str, Any] | None = None,
                   parameters: Mapping[str, Any] | None = None, injects: Sequence[Inject] = (),
                   model: str | None = None, role_models: Mapping[str, str] | None = None, seed: int | None = None,
                   prompts: Mapping[str, Mapping[str, str]] | None = None,
                   memory: Mapping[str, Mapping[str, Any]] | None = None,
                   message: EditedMessage | Mapping[str, str] | None = None, max_turns: int | None = None,
                   name: str = "", tags: Sequence[str] = ()) -> AsyncRun:
        """Make a run that shares this one's past up to a turn and may go on otherwise; nothing is paid again.

        Args:
            message: the last thing that a role said before that turn, in other words: ``{"of": ..., "text": ...}``.

        Returns:
            The new run; ``play`` plays it.
        """
        services = self._lab.services
        edits = Edits(
            variables=variables or {}, parameters=parameters or {}, injects=[inject_of(inject) for inject in injects],
            model=model, role_models=role_models or {}, prompts=prompts or {}, memory=memory or {}, seed=seed,
            max_turns=max_turns, message=await self._message(message, at_turn) if message is not None else None)
        return await self.find(self._lab, await fork_run(services, self.id, at_turn, edits, actor=ACTOR, name=name,
                                                        tags=tags))

    async def _message(self, given: EditedMessage | Mapping[str, str], turn: int) -> tuple[str, str]:
        edit = given if isinstance(given, EditedMessage) else EditedMessage.model_validate(dict(given))
        async with self._lab.services.database.read() as session:
            said = await Events(session).read(self.id, kinds=["utterance"], sources=[edit.of], to_turn=turn,
                                              newest=True, limit=1)
        if not said:
            raise NotFound(f"{edit.of} has said nothing before turn {turn}", cure="fork it later, or name another role")
        return said[-1].key, edit.text

    async def interview(self, role: str, question: str, *, turn: int | None = None, model: str | None = None) -> str:
        """Ask a role a question as of a turn, answered from what it knew then; the run does not notice."""
        return (await interview(self._lab.services, self.id, role, question, turn=turn, model=model)).answer

    async def replay(self) -> Replay:
        """Play it again from its record, with no model; ``same`` says whether it is."""
        return await replay_run(self._lab.services, self.id)

    async def state(self, turn: int | None = None) -> dict[str, Any]:
        """The graph's state after a turn, or as it stands: messages, variables, memory, who is next."""
        return dict((await moment(self._lab.services, self.id, turn)).values)

    async def export(self, path: str | Path, *, format: RunFormat | None = None, calls: bool = True,
                     family: bool = False) -> Path:
        """Write the run to a file: json, jsonl, markdown, html, parquet, csv, chat or inspect; or to a folder.

        Args:
            format: left out, the file's suffix tells, else json; ``folder`` opens in a browser with no server,
                ``huggingface`` is a data set.
            calls: with the model calls, where the format holds them.
            family: into a ``folder`` also all runs that share its past.
        """
        target, services = Path(path), self._lab.services
        chosen = format or by_suffix(target.name) or "json"
        if chosen == "folder":
            runs = await with_family(services.database, self.id) if family else [self.id]
            await write_run_folder(services.database, RunFolder(target), runs, calls=calls)
        elif chosen == "huggingface":
            async with services.database.read() as session:
                found = await chosen_runs(session, runs=[self.id])
            await write_dataset(services.database, found, target)
        else:
            pieces = renderer(chosen)(await self._dossier(calls=calls and chosen in WITH_CALLS))
            await self._lab.in_thread(target.write_bytes, b"".join(pieces))
        return target

    async def _dossier(self, *, calls: bool = False) -> Any:
        async with self._lab.services.database.read() as session:
            return await gather(session, self.id, calls=calls)


def _only(run_id: str) -> Any:

    return select(RunRow).where(RunRow.id == run_id)
