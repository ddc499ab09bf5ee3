"""A run without ``await``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from pyscrai.experiments.models.arms import EditedMessage
from pyscrai.exports.formats import RunFormat
from pyscrai.lab.async_run import AsyncRun, Inject, RunTable
from pyscrai.lab.event_loop import EventLoop
from pyscrai.lab.markdown_text import MarkdownText
from pyscrai.lab.progress import Progress
from pyscrai.services.replays import Replay


class Run:
    """One run. What it is stands in its properties as of the last look; ``refresh`` looks again."""

    def __init__(self, loop: EventLoop, core: AsyncRun) -> None:
        self._loop, self._core = loop, core

    def __repr__(self) -> str:
        return repr(self._core)

    def _repr_html_(self) -> str:

        page = escape(self._loop.run(self._core.html()), quote=True)
        return f'<iframe srcdoc="{page}" sandbox style="width:100%;height:32em;border:1px solid #ccc"></iframe>'

    @property
    def id(self) -> str:
        """The run's id."""
        return self._core.id

    @property
    def status(self) -> str:
        """pending, running, waiting, paused, completed, failed or stopped."""
        return self._core.status

    @property
    def turn(self) -> int:
        """The number of turns that were played."""
        return self._core.turn

    @property
    def seed(self) -> int:
        """The seed of random orders, dice and sampling."""
        return self._core.seed

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in effect."""
        return self._core.parameters

    @property
    def variables(self) -> dict[str, Any]:
        """The variables as they stand."""
        return self._core.variables

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The end that fired and why; None before that."""
        return self._core.outcome

    @property
    def error(self) -> dict[str, Any] | None:
        """The error, with ``code``, ``message`` and ``cure``."""
        return self._core.error

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        return self._core.tags

    @property
    def parent(self) -> str | None:
        """The id of the run whose past it shares."""
        return self._core.parent

    @property
    def fork_turn(self) -> int | None:
        """The turn at which it left its parent."""
        return self._core.fork_turn

    @property
    def started_at(self) -> datetime | None:
        """The start of the run, in UTC."""
        return self._core.started_at

    @property
    def ended_at(self) -> datetime | None:
        """The end of the run, in UTC."""
        return self._core.ended_at

    @property
    def transcript(self) -> MarkdownText:
        """The transcript in Markdown, with measurements and figures; notebooks show it formatted."""
        return self._loop.run(self._core.transcript())

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events as plain data in their order, a fork's shared past first."""
        return self._loop.run(self._core.events())

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Its model calls: prompt, reply, tokens, cost, latency, model and fingerprint as reported."""
        return self._loop.run(self._core.calls())

    @property
    def metrics(self) -> dict[str, Mapping[str, Any]]:
        """The figures of the run: of the whole under ``run``, and of each role."""
        return self._loop.run(self._core.metrics())

    @property
    def report(self) -> str:
        """The Analyst's last report in Markdown; empty where there is none."""
        return self._loop.run(self._core.report())

    def refresh(self) -> Self:
        """Look at the run again; the same object."""
        self._loop.run(self._core.refresh())
        return self

    def play(self, *, progress: Progress = None) -> Self:
        """Play on until the run stands: ended, paused, or waiting for a person; the same object."""
        self._loop.run_telling(lambda tell: self._core.play(progress=tell), progress)
        return self

    def heard_by(self, role: str) -> list[dict[str, Any]]:
        """The events that a role may know."""
        return self._loop.run(self._core.events(heard_by=role))

    def table(self, name: RunTable = "events") -> pa.Table:
        """A tidy table: ``events``, ``measurements``, ``turns``, ``calls`` or ``runs``."""
        return self._loop.run(self._core.table(name))

    def fork(self, at_turn: int, *, variables: Mapping[str, Any] | None = None,
             parameters: Mapping[str, Any] | None = None, injects: Sequence[Inject] = (), model: str | None = None,
             role_models: Mapping[str, str] | None = None, seed: int | None = None,
             prompts: Mapping[str, Mapping[str, str]] | None = None,
             memory: Mapping[str, Mapping[str, Any]] | None = None,
             message: EditedMessage | Mapping[str, str] | None = None, max_turns: int | None = None, name: str = "",
             tags: Sequence[str] = ()) -> Run:
        """Make a run that shares this one's past up to a turn; ``play`` plays it. As ``AsyncRun.fork``."""
        return Run(self._loop, self._loop.run(self._core.fork(
            at_turn, variables=variables, parameters=parameters, injects=injects, model=model, role_models=role_models,
            seed=seed, prompts=prompts, memory=memory, message=message, max_turns=max_turns, name=name, tags=tags)))

    def interview(self, role: str, question: str, *, turn: int | None = None, model: str | None = None) -> str:
        """Ask a role a question as of a turn, answered from what it knew then; the run does not notice."""
        return self._loop.run(self._core.interview(role, question, turn=turn, model=model))

    def replay(self) -> Replay:
        """Play it again from its record, with no model; ``same`` says whether it is."""
        return self._loop.run(self._core.replay())

    def state(self, turn: int | None = None) -> dict[str, Any]:
        """The graph's state after a turn, or as it stands: messages, variables, memory, who is next."""
        return self._loop.run(self._core.state(turn))

    def export(self, path: str | Path, *, format: RunFormat | None = None, calls: bool = True, family: bool = False
               ) -> Path:
        """Write the run to a file or folder, in the format that its suffix tells. As ``AsyncRun.export``."""
        return self._loop.run(self._core.export(path, format=format, calls=calls, family=family))
