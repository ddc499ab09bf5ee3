"""Runs: made, found, listed, deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.repositories.lineage import NOT_INHERITED, lineage
from pyscrai.databases.run_ids import LAST, PREFIX, first_id_at, new_run_id
from pyscrai.databases.run_needs import needs_of
from pyscrai.databases.run_settings import RunSettings
from pyscrai.databases.tables import (
    AgentInstanceRow,
    Base,
    ControlRow,
    EventRow,
    RunRow,
    RunTagRow,
    ScenarioTemplateRow,
    table_of,
)
from pyscrai.engines.ports.record import Progress
from pyscrai.errors import NotFound, WrongState, no_run
from pyscrai.lifecycle import STATUSES, Desired, RunStatus

INSERTS: Mapping[type[Base], Insert] = {
    row: insert(table_of(row)) for row in (RunRow, RunTagRow, AgentInstanceRow, ControlRow)}
TAKEN = select(table_of(RunRow).c.id).where(table_of(RunRow).c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who plays a role; ``configuration`` is the whole of it, after all overrides and without keys."""

    role: str
    name: str
    engine: str
    agent_hash: str
    configuration: Mapping[str, Any]
    agent_template_id: int | None = None
    """None where the agent is written in the scenario."""
    played_by: str = "model"


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a run leaves its parent, and how things stand there after the edits."""

    parent: str
    turn: int
    at: Progress


@dataclass(frozen=True, slots=True)
class NewRunRow:
    """A run that is to be made of a stored template; ``desired`` is what is asked of whoever plays runs here."""

    template: ScenarioTemplateRow
    cast: Sequence[NewMember]
    seed: int
    name: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    settings: RunSettings = field(default_factory=RunSettings)
    tags: Collection[str] = ()
    desired: Desired = "run"
    fork: Fork | None = None
    injects: Sequence[Mapping[str, Any]] = ()
    """What waits for the run's first turn: ``text``, ``audience`` and ``source`` of each."""
    moment: datetime | None = None
    """When it is made; now, if left out."""
    id: str = ""
    """A free one, if left out."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, the newest first; ``after`` gives the next ones, None when there are no more."""

    runs: Sequence[RunRow]
    after: str | None


class Runs:
    """The runs of a database. What changes while a run plays is written by its record, not here."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, *made: NewRunRow) -> Sequence[str]:
        """Make pending runs with their casts; their ids.

        A fork's events go on counting where the past that it shares ends.
        """
        moments = [new.moment or now() for new in made]
        ids = [new.id or run_id for new, run_id in zip(made, await self._free_ids(moments), strict=True)]
        await self._insert(RunRow, [await self._row(*each) for each in zip(ids, made, moments, strict=True)])
        runs = tuple(zip(ids, made, strict=True))
        await self._insert(RunTagRow, [{"tag": tag, "run_id": run_id} for run_id, new in runs for tag in set(new.tags)])
        await self._insert(AgentInstanceRow, [
            {"run_id": run_id, "role": member.role, "position": position, "engine": member.engine, "name": member.name,
             "agent_template_id": member.agent_template_id, "agent_hash": member.agent_hash,
             "configuration": dict(member.configuration), "played_by": member.played_by}
            for run_id, new in runs for position, member in enumerate(new.cast)])
        await self._insert(ControlRow, [
            {"run_id": run_id, "kind": "inject", "payload": dict(inject), "actor": str(new.settings.get("actor", ""))}
            for run_id, new in runs for inject in new.injects])
        return ids

    async def _row(self, run_id: str, new: NewRunRow, moment: datetime) -> dict[str, Any]:
        fork, settings = new.fork, new.settings
        at = fork.at if fork is not None else None
        return {"id": run_id, "scenario_template_id": new.template.id, "template_hash": new.template.content_hash,
                "name": new.name or new.template.name, "status": "pending", "desired": new.desired, "seed": new.seed,
                "parameters": dict(new.parameters), "settings": settings.copy(), "tags": sorted(set(new.tags)),
                "share": str(settings.get("share") or settings.get("actor") or ""),
                "rank": -int(settings.get("priority") or 0), "needs": needs_of(new.cast, new.tags),
                "controls_waiting": len(new.injects), "created_at": moment, "updated_at": moment,
                "parent_run_id": fork and fork.parent, "fork_turn": fork and fork.turn, "turn": at.turn if at else 0,
                "phase": at.phase if at else "", "speakers": list(at.next) if at else [],
                "variables": dict(at.variables) if at else {}, "usage": dict(at.usage) if at else {},
                "last_seq": await self._last_shared(fork) if fork else 0}

    async def _insert(self, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self._session.execute(INSERTS[table], rows)

    async def get(self, run_id: str, *, lock: bool = False) -> RunRow:
        """The run of exactly this id.

        Args:
            lock: let no other transaction change it before this one has ended.

        Raises:
            NotFound: there is none.
        """
        run = await self._session.get(RunRow, run_id, with_for_update=lock or None)
        if run is None:
            raise no_run(run_id)
        return run

    async def some(self, run_ids: Collection[str], *, lock: bool = False) -> Sequence[RunRow]:
        """The runs of these ids, as far as they are there; with ``lock`` in the order of their ids, as ``get`` does."""
        query = select(RunRow).where(RunRow.id.in_(run_ids))
        return (await self._session.scalars(query.order_by(RunRow.id).with_for_update() if lock else query)).all()

    async def find(self, text: str) -> RunRow:
        """The run that a person means: by its id, by how it begins, or by how it ends; ``last`` is the newest.

        Raises:
            NotFound: no run fits, or more than one.
        """
        wanted = text.strip().lower()
        if wanted == "last":
            query = select(RunRow).order_by(RunRow.id.desc()).limit(1)
        else:
            start = wanted if wanted.startswith(PREFIX) else PREFIX + wanted
            query = select(RunRow).where(RunRow.id >= start, RunRow.id <= start + LAST[len(PREFIX):]).limit(6)
        found = (await self._session.scalars(query)).all()
        if not found and wanted and wanted.isalnum():
            query = select(RunRow).where(RunRow.id.endswith(wanted, autoescape=True)).limit(6)
            found = (await self._session.scalars(query)).all()
        exact = [run for run in found if run.id == wanted]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise no_run(text)
        raise NotFound(f"several runs fit {text}: {', '.join(run.id for run in found[:5])}",
                       cure="write more of the id", code="run.ambiguous")

    async def cast(self, run_id: str) -> Sequence[AgentInstanceRow]:
        """The cast, in the template's order."""
        return (await self._session.scalars(select(AgentInstanceRow).where(
            AgentInstanceRow.run_id == run_id).order_by(AgentInstanceRow.position))).all()

    async def list(self, *, statuses: Collection[str] = (), template: str | None = None, version: str | None = None,
                   tags: Collection[str] = (), parent: str | None = None, since: datetime | None = None,
                   until: datetime | None = None, after: str | None = None, limit: int = 50) -> Page:
        """Runs that fit all filters, the newest first.

        Args:
            tags: a run must have all of them.
            since, until: when the run was made; its id tells.
            after: the ``after`` of the page before.
        """
        query = select(RunRow).order_by(RunRow.id.desc()).limit(limit + 1)
        if statuses:
            query = query.where(RunRow.status.in_(statuses))
        if template is not None:
            query = query.where(RunRow.scenario_template_id.in_(await self._template_ids(template, version)))
        for tag in tags:
            query = query.where(RunRow.id.in_(select(RunTagRow.run_id).where(RunTagRow.tag == tag)))
        if parent is not None:
            query = query.where(RunRow.parent_run_id == parent)
        bounds = [RunRow.id < after] if after else []
        bounds += [RunRow.id >= first_id_at(since)] if since else []
        bounds += [RunRow.id < first_id_at(until)] if until else []
        found = (await self._session.scalars(query.where(*bounds))).all()
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    async def counts(self) -> dict[RunStatus, int]:
        """The number of runs of each status."""
        found = await self._session.execute(select(RunRow.status, func.count()).group_by(RunRow.status))
        return dict.fromkeys(STATUSES, 0) | {row.status: int(row[1]) for row in found}

    async def desire(self, run_id: str, desired: Desired) -> None:
        """Record what is asked of a run; whoever plays it sees it at its next commit.

        Raises:
            NotFound: there is no such run.
        """
        result: Any = await self._session.execute(
            update(RunRow).where(RunRow.id == run_id).values(desired=desired, updated_at=now()))
        if not result.rowcount:
            raise no_run(run_id)

    async def play_by(self, run_id: str, role: str, person: str | None) -> None:
        """Note who plays a role from now on: a person, or the model again."""
        await self._session.execute(update(AgentInstanceRow).where(
            AgentInstanceRow.run_id == run_id, AgentInstanceRow.role == role).values(played_by=person or "model"))

    async def delete(self, run_id: str, *, moment: datetime | None = None) -> None:
        """Delete a run with all that it recorded; its checkpoints are the checkpointer's to delete.

        Raises:
            NotFound: there is no such run.
            WrongState: it is being played, or forks share its past.
        """
        run = await self.get(run_id)
        if run.lease_until is not None and run.lease_until > (moment or now()):
            raise WrongState(f"{run_id} is being played", cure="pause or stop it first", code="run.playing")
        forks = (await self._session.scalars(select(RunRow.id).where(RunRow.parent_run_id == run_id).limit(5))).all()
        if forks:
            raise WrongState(f"{run_id} is the past of {', '.join(forks)}", cure="delete the forks first",
                             code="run.has_forks")
        await self._session.execute(delete(RunRow).where(RunRow.id == run_id))

    async def _template_ids(self, name: str, version: str | None) -> Sequence[int]:
        query = select(ScenarioTemplateRow.id).where(ScenarioTemplateRow.name == name)
        if version is not None:
            query = query.where(ScenarioTemplateRow.version == version)
        return (await self._session.scalars(query)).all()

    async def _free_ids(self, moments: Sequence[datetime]) -> Sequence[str]:
        ids: dict[str, None] = {}
        for moment in moments:
            while (run_id := new_run_id(moment)) in ids:
                pass
            ids[run_id] = None
        taken = (await self._session.scalars(TAKEN, {"ids": list(ids)})).all()
        return list(ids) if not taken else await self._free_ids(moments)

    async def _last_shared(self, fork: Fork) -> int:
        segments = await lineage(self._session, fork.parent)
        shared = or_(*(and_(EventRow.run_id == segment.run_id, EventRow.turn <= (
            fork.turn if segment.upto_turn is None else min(fork.turn, segment.upto_turn))) for segment in segments))
        return await self._session.scalar(
            select(func.max(EventRow.seq)).where(shared, EventRow.kind.not_in(NOT_INHERITED))) or 0
