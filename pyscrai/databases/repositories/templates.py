"""Templates as immutable versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Exists, Select, bindparam, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import (
    AgentInstanceRow,
    AgentTemplateRow,
    RunRow,
    ScenarioTemplateRow,
    TemplateRow,
    table_of,
)
from pyscrai.did_you_mean import closest
from pyscrai.errors import NotFound, VersionConflict, WrongState

Row = TypeVar("Row", bound=TemplateRow)
Number = tuple[int, int, int]


def _versions(row: type[TemplateRow]) -> Select[Any]:
    table = table_of(row)
    return select(table.c.id, table.c.version, table.c.content_hash, table.c.archived_at).where(
        table.c.name == bindparam("name"))


_VERSIONS: Mapping[type[TemplateRow], Select[Any]] = {
    row: _versions(row) for row in (AgentTemplateRow, ScenarioTemplateRow)}
"""Built once: every run that is made asks for the newest versions of its templates."""


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version of a template: what has the same id and the same hash is the same for good."""

    id: int
    content_hash: str


class Templates(Generic[Row]):
    """The versions of one kind of template; made by ``agent_templates`` and ``scenario_templates``."""

    def __init__(self, session: AsyncSession, table: type[Row], kind: str) -> None:
        self._session, self._table, self._kind = session, table, kind

    async def add(self, *, name: str, version: str, format: int, content: Mapping[str, Any], content_hash: str,
                  source: str | None = None, shipped: bool = False) -> Row:
        """Store a version, or find it stored already with the same content.

        Raises:
            VersionConflict: another content has this version.
        """
        stored = await self._exact(name, version)
        if stored is None:
            row = self._table(name=name, version=version, format=format, content=dict(content),
                              content_hash=content_hash, source=source, shipped=shipped)
            try:
                async with self._session.begin_nested():
                    self._session.add(row)
            except IntegrityError:  # another process has stored it since
                stored = await self._exact(name, version)
                if stored is None:
                    raise
            else:
                return row
        if stored.content_hash != content_hash:
            free = await self._next_free(name, version)
            raise VersionConflict(f"{name}@{version} is stored already, with another content",
                                  cure=f"versions are immutable: call yours {free}",
                                  name=name, version=version, next_version=free)
        return stored

    async def get(self, reference: str) -> Row:
        """The version that ``name@version`` says, or the newest that ``name`` has and that is not archived.

        Raises:
            NotFound: there is none; the cure names what there is.
        """
        return await self.by_id((await self.find(reference)).id)

    async def find(self, reference: str) -> Version:
        """The version that ``get`` gives, without its content.

        Raises:
            NotFound: as ``get``.
        """
        name, at, version = reference.partition("@")
        rows = (await self._session.execute(_VERSIONS[self._table], {"name": name})).all()
        found = [row for row in rows if (row.version == version if at else row.archived_at is None)]
        if not found:
            raise NotFound(f"no {self._kind} template {reference} is stored", cure=await self._cure(name, version))
        newest = max(found, key=lambda row: _number(row.version))
        return Version(newest.id, newest.content_hash)

    async def by_id(self, template_id: int) -> Row:
        """The version with this id.

        Raises:
            NotFound: there is none.
        """
        row = await self._session.get(self._table, template_id)
        if row is None:
            raise NotFound(f"no {self._kind} template has the id {template_id}")
        return row

    async def list(self, *, name: str | None = None, every_version: bool = False, archived: bool = False
                   ) -> Sequence[Row]:
        """Templates by name, each with its newest version, or with every version, the newest first."""
        query = select(self._table)
        if name is not None:
            query = query.where(self._table.name == name)
        if not archived:
            query = query.where(self._table.archived_at.is_(None))
        rows = sorted((await self._session.scalars(query)).all(), key=lambda row: _number(row.version), reverse=True)
        rows.sort(key=lambda row: row.name)
        if every_version:
            return rows
        newest: dict[str, Row] = {}
        for row in rows:
            newest.setdefault(row.name, row)
        return list(newest.values())

    async def archive(self, reference: str) -> None:
        """Keep a version from being chosen any more.

        Raises:
            NotFound: there is no such version.
            WrongState: runs refer to it.
        """
        row = await self.get(reference)
        if await self._session.scalar(select(self._used(row))):
            raise WrongState(f"runs refer to {reference}", cure="delete those runs first", code="template.in_use")
        row.archived_at = row.archived_at or now()

    def _used(self, row: Row) -> Exists:
        return exists().where(RunRow.scenario_template_id == row.id) if self._table is ScenarioTemplateRow else (
            exists().where(AgentInstanceRow.agent_template_id == row.id))

    async def _exact(self, name: str, version: str) -> Row | None:
        return await self._session.scalar(
            select(self._table).where(self._table.name == name, self._table.version == version))

    async def _next_free(self, name: str, version: str) -> str:
        """The version after the newest one of the same minor version, so that nothing is passed over."""
        major, minor, _ = _number(version)
        found = await self._session.scalars(select(self._table.version).where(self._table.name == name))
        patch = max(number[2] for number in map(_number, found) if number[:2] == (major, minor))
        return f"{major}.{minor}.{patch + 1}"

    async def _cure(self, name: str, version: str) -> str:
        rows = (await self._session.execute(_VERSIONS[self._table], {"name": name})).all()
        versions = ", ".join(".".join(map(str, number)) for number in sorted(_number(row.version) for row in rows))
        if rows and version:
            return f"versions of {name}: {versions}"
        if rows and all(row.archived_at is not None for row in rows):
            return f"all versions of {name} are archived; one is had by its number: {versions}"
        names = await self._session.scalars(
            select(self._table.name).where(self._table.archived_at.is_(None)).distinct())
        guess = closest(name, names)
        shown = "`pyscrai templates list` shows what is stored"
        return f"did you mean `{guess}`? {shown}" if guess else shown


def agent_templates(session: AsyncSession) -> Templates[AgentTemplateRow]:
    """The stored agent templates."""
    return Templates(session, AgentTemplateRow, "agent")


def scenario_templates(session: AsyncSession) -> Templates[ScenarioTemplateRow]:
    """The stored scenario templates."""
    return Templates(session, ScenarioTemplateRow, "scenario")


def _number(version: str) -> Number:
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)
