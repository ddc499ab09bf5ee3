"""What a database holds, and what of it nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.call_row import part_ids
from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.database import Database
from pyscrai.databases.fleet_tables import WorkerRow
from pyscrai.databases.packed_values import MARKS, packed
from pyscrai.databases.tables import CallRow, IdempotencyRow, RunRow, TextRow
from pyscrai.lifecycle import FINAL

AT_ONCE = 2_000
"""Rows that are read or deleted by one statement."""

PACKED_AT_ONCE = 200
"""Values that are packed in one transaction."""

SMALL = 64
"""Bytes up to which a value is left as it is."""

ENDED_RUNS = "SELECT id FROM scenario_runs WHERE status IN ({})".format(", ".join(f"'{one}'" for one in sorted(FINAL)))
"""SQL: the runs that have ended for good."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its indexes; ``rows`` is None where counting them would take long."""

    table: str
    rows: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a database holds."""

    tables: Sequence[TableSize]
    runs: int
    turns: int
    prunable_writes: int
    idempotency_keys: int

    @property
    def bytes(self) -> int:
        """All tables and indexes."""
        return sum(table.bytes for table in self.tables)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted or packed; ``texts`` is None where texts could not be looked at because processes live."""

    writes: int
    packed: int
    idempotency_keys: int
    texts: int | None


class Housekeeping:
    """Looks after a database.

    Args:
        folded: the state's channels that are made of what was written to them, step by step; all others stand whole in
            every checkpoint.
    """

    def __init__(self, database: Database, *, folded: Sequence[str]) -> None:
        self._database = database
        self._folded = list(folded)

    async def stats(self) -> Stats:
        """Count and measure."""
        dialect = self._database.dialect
        async with self._database.read() as session:
            sizes = (await session.execute(text(dialect.sizes))).all()
            tables = []
            for name, size in sizes:
                rows = await session.scalar(text(f'SELECT count(*) FROM "{name}"'))
                tables.append(TableSize(str(name), rows, int(size)))
            runs, turns = (await session.execute(select(func.count(), func.coalesce(func.sum(RunRow.turn), 0)))).one()
            writes = await session.scalar(text(f"SELECT count(*) FROM {dialect.writes_table} WHERE {self._prunable()}"))
            keys = await session.scalar(select(func.count()).select_from(IdempotencyRow))
        return Stats(sorted(tables, key=lambda table: -table.bytes), runs, int(turns), writes or 0, keys or 0)

    async def prune(self, *, keep_keys: timedelta = timedelta(days=7)) -> Pruned:
        """Delete what nothing needs: not resume, nor fork at any turn, nor replay, nor verify.

        - what tasks wrote to channels that stand whole in the next checkpoint, for runs that have ended for good;
        - the room that the checkpoints of those runs, and what is left of their writes, do not need once packed;
        - the answers to idempotent requests that are older than ``keep_keys``;
        - texts that no call is made of any more, as long as no process lives that may be about to use one.
        """
        async with self._database.session() as session:
            writes = await session.execute(text(
                f"DELETE FROM {self._database.dialect.writes_table} WHERE {self._prunable()}"))
            keys = await session.execute(delete(IdempotencyRow).where(
                IdempotencyRow.created_at < DatabaseClock(-keep_keys)))
        packed_values = sum([await self._pack(*place) for place in self._database.dialect.packable])
        return Pruned(_count(writes), packed_values, _count(keys), await self._prune_texts())

    async def living(self) -> int:
        """The number of living processes that play or control runs."""
        async with self._database.read() as session:
            return await _living(session)

    async def _pack(self, table: str, column: str) -> int:
        """Pack the values of ended runs, a portion in a transaction: those who play wait for each of them."""
        count, after = 0, 0
        while True:
            async with self._database.session() as session:
                rows = (await session.execute(text(
                    f"SELECT rowid, type, {column} FROM {table} WHERE rowid > :after AND type NOT LIKE :marks"
                    f" AND length({column}) > {SMALL} AND thread_id IN ({ENDED_RUNS})"
                    f" ORDER BY rowid LIMIT {PACKED_AT_ONCE}"), {"after": after, "marks": MARKS})).all()
                if not rows:
                    return count
                await session.execute(
                    text(f"UPDATE {table} SET type = :kind, {column} = :content WHERE rowid = :row"),
                    [dict(zip(("kind", "content", "row"), (*packed(kind, content), row), strict=True))
                     for row, kind, content in rows])
            count, after = count + len(rows), rows[-1][0]

    def _prunable(self) -> str:
        """SQL: what tasks of ended runs wrote to channels that stand whole in the checkpoint after it."""
        table = self._database.dialect.writes_table
        folded = ", ".join(f"'{name}'" for name in self._folded)
        return (f"{table}.channel NOT IN ({folded}) AND {table}.thread_id IN ({ENDED_RUNS})"
                f" AND EXISTS (SELECT 1 FROM checkpoints c WHERE c.thread_id = {table}.thread_id"
                f" AND c.checkpoint_ns = {table}.checkpoint_ns AND c.checkpoint_id > {table}.checkpoint_id)")

    async def _prune_texts(self) -> int | None:
        async with self._database.session() as session:
            # Whoever writes a call now has its texts and the call in one transaction, and is waited for here.
            if (lock := self._database.dialect.lock_texts) is not None:
                await session.execute(text(lock))
            if await _living(session):
                return None
            used: set[int] = set()
            after = 0
            while True:
                rows = (await session.execute(select(
                    CallRow.id, CallRow.parameters, CallRow.prompts, CallRow.messages).where(CallRow.id > after)
                    .order_by(CallRow.id).limit(AT_ONCE))).all()
                if not rows:
                    break
                after = rows[-1].id
                for row in rows:
                    used.update((row.parameters, row.prompts))
                    used.update(number for _, ids in part_ids(row.messages) for number in ids)
            orphans = sorted({*await session.scalars(select(TextRow.id))} - used)
            for portion in _portions(orphans):
                await session.execute(delete(TextRow).where(TextRow.id.in_(portion)))
            return len(orphans)

    async def vacuum(self) -> None:
        """Give the room of what was deleted back to the disk, and gather figures for the query planner."""
        await self._database.vacuum()


async def _living(session: AsyncSession) -> int:
    workers = await session.scalar(select(func.count()).select_from(WorkerRow).where(WorkerRow.until > DatabaseClock()))
    owners = await session.scalar(select(func.count(RunRow.owner.distinct())).where(
        RunRow.owner.is_not(None), RunRow.lease_until > DatabaseClock()))
    return (workers or 0) + (owners or 0)


def _portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), 500):
        yield numbers[start:start + 500]


def _count(result: object) -> int:
    found: int = getattr(result, "rowcount", 0)
    return max(found, 0)
