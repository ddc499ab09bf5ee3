"""Experiments: stored, found, planned, leased; what is played of them is in ``experiment_cells``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.experiment_tables import DeviationRow, ExperimentCellRow, ExperimentPastRow, ExperimentRow
from pyscrai.databases.run_ids import PREFIX as RUN_PREFIX
from pyscrai.databases.run_ids import new_run_id
from pyscrai.errors import NotFound

PREFIX = "exp_"
PORTION = 2_000
"""Rows that are inserted by one statement."""


class Experiments:
    """The experiments of a database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, *, name: str, version: str, content: Mapping[str, Any], content_hash: str,
                     scenario_template_id: int, source: str | None = None, pilot: bool = False) -> ExperimentRow:
        """Store an experiment; nothing of it is planned yet."""
        moment = now()
        row = ExperimentRow(
            id=PREFIX + new_run_id(moment).removeprefix(RUN_PREFIX), name=name, version=version, content=dict(content),
            content_hash=content_hash, scenario_template_id=scenario_template_id, source=source, pilot=pilot,
            status="planned", desired="none", reason="", seconds=0.0, created_at=moment, updated_at=moment)
        self._session.add(row)
        await self._session.flush()
        return row

    async def get(self, experiment_id: str) -> ExperimentRow:
        """The experiment of exactly this id.

        Raises:
            NotFound: there is none.
        """
        row = await self._session.get(ExperimentRow, experiment_id)
        if row is None:
            raise _none(experiment_id)
        return row

    async def stored(self, name: str, version: str, *, pilot: bool = False) -> ExperimentRow | None:
        """The experiment of this name and version, if there is one."""
        return await self._session.scalar(select(ExperimentRow).where(
            ExperimentRow.name == name, ExperimentRow.version == version, ExperimentRow.pilot == pilot))

    async def find(self, text: str) -> ExperimentRow:
        """The experiment that a person means: its id or the end of it, ``name``, ``name@version``, or ``last``.

        Raises:
            NotFound: none fits, or more than one.
        """
        wanted = text.strip()
        query = select(ExperimentRow).order_by(ExperimentRow.id.desc())
        if wanted == "last":
            found = (await self._session.scalars(query.where(ExperimentRow.pilot.is_(False)).limit(1))).all()
        elif wanted.startswith(PREFIX):
            found = (await self._session.scalars(query.where(ExperimentRow.id == wanted))).all()
        else:
            name, _, version = wanted.partition("@")
            query_named = query.where(ExperimentRow.name == name, ExperimentRow.pilot.is_(False))
            found = (await self._session.scalars(query_named.where(
                ExperimentRow.version == version) if version else query_named)).all()
            if not found and wanted.isalnum():
                found = (await self._session.scalars(query.where(
                    ExperimentRow.id.endswith(wanted, autoescape=True)).limit(6))).all()
                if len(found) > 1:
                    raise NotFound(f"several experiments fit {text}: {', '.join(row.id for row in found)}",
                                   cure="write more of the id", code="experiment.ambiguous")
        if not found:
            raise _none(text)
        return max(found, key=lambda row: (_number(row.version), row.id)) if wanted != "last" else found[0]

    async def list(self, *, statuses: Sequence[str] = (), after: str | None = None, limit: int = 50
                   ) -> Sequence[ExperimentRow]:
        """Experiments, the newest first, pilots among them."""
        query = select(ExperimentRow).order_by(ExperimentRow.id.desc()).limit(limit)
        if statuses:
            query = query.where(ExperimentRow.status.in_(statuses))
        if after is not None:
            query = query.where(ExperimentRow.id < after)
        return (await self._session.scalars(query)).all()

    async def plan(self, experiment_id: str, pasts: Iterable[Mapping[str, Any]], cells: Iterable[Mapping[str, Any]]
                   ) -> None:
        """Add those pasts (past, seed, block) and cells (past, arm, repeat) that are not there yet."""
        common = {"experiment_id": experiment_id, "state": "planned", "attempts": 0, "reason": ""}
        for table, rows in ((ExperimentPastRow.__table__, pasts), (ExperimentCellRow.__table__, cells)):
            assert isinstance(table, Table)
            dialect = sqlite if self._session.get_bind().dialect.name == "sqlite" else postgresql
            statement = dialect.insert(table).on_conflict_do_nothing()
            for portion in _portions(rows):
                await self._session.execute(statement, [common | dict(row) for row in portion])

    # -- who runs it --------------------------------------------------------------------------------------------------

    async def acquire(self, experiment_id: str, owner: str, ttl: timedelta, *, dead: str | None = None) -> bool:
        """Take an experiment that nobody holds, whose holder let its lease run out, or is known to be dead."""
        moment = now()
        free = [ExperimentRow.owner.is_(None), ExperimentRow.lease_until.is_(None), ExperimentRow.lease_until < moment]
        free += [ExperimentRow.owner == dead] if dead else []
        taken: Any = await self._session.execute(update(ExperimentRow).where(
            ExperimentRow.id == experiment_id, or_(*free)).values(owner=owner, lease_until=moment + ttl))
        return bool(taken.rowcount)

    async def renew(self, experiment_id: str, owner: str, ttl: timedelta, seconds: float) -> str | None:
        """Hold it for longer and count the seconds; what is desired of it, or None where another one holds it."""
        return await self._session.scalar(update(ExperimentRow).where(
            ExperimentRow.id == experiment_id, ExperimentRow.owner == owner).values(
                lease_until=now() + ttl, seconds=ExperimentRow.seconds + seconds).returning(ExperimentRow.desired))

    async def release(self, experiment_id: str, owner: str) -> None:
        """Give it back, if it is still held."""
        await self._session.execute(update(ExperimentRow).where(
            ExperimentRow.id == experiment_id, ExperimentRow.owner == owner).values(owner=None, lease_until=None))

    async def due(self) -> Sequence[ExperimentRow]:
        """Experiments that are to run and whose lease nobody holds, the oldest first."""
        return (await self._session.scalars(select(ExperimentRow).where(
            ExperimentRow.desired == "run", ExperimentRow.status.in_(("planned", "running", "paused")),
            or_(ExperimentRow.lease_until.is_(None), ExperimentRow.lease_until < now())
        ).order_by(ExperimentRow.id))).all()

    async def change(self, experiment_id: str, **values: Any) -> None:
        """Set columns of an experiment."""
        await self._session.execute(update(ExperimentRow).where(ExperimentRow.id == experiment_id).values(
            updated_at=now(), **values))

    # -- what was changed after the plan ------------------------------------------------------------------------------

    async def deviate(self, experiment_id: str, what: str, by: str) -> None:
        """Note a deviation from the frozen plan."""
        self._session.add(DeviationRow(experiment_id=experiment_id, happened_at=now(), what=what, by=by))
        await self._session.flush()

    async def deviations(self, experiment_id: str) -> Sequence[DeviationRow]:
        """All deviations, in their order."""
        return (await self._session.scalars(select(DeviationRow).where(
            DeviationRow.experiment_id == experiment_id).order_by(DeviationRow.id))).all()


def held(row: ExperimentRow, moment: datetime | None = None) -> bool:
    """Whether some process holds an experiment."""
    return row.owner is not None and row.lease_until is not None and row.lease_until > (moment or now())


def _portions(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    rest = iter(rows)
    while portion := list(islice(rest, PORTION)):
        yield portion


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _none(text: str) -> NotFound:
    return NotFound(f"no experiment fits {text}", cure="`pyscrai experiment list` shows them", experiment=text)
