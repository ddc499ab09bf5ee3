"""An alias's limits, divided among all processes that ask the model: by what each of them wants now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.columns import now
from pyscrai.databases.fleet_tables import ModelLimitRow, ModelSlotsRow

CUT = 0.8
"""What is left of an alias's limits when its endpoint says that it is too much."""

LEAST = 0.05

CUT_AGAIN = timedelta(seconds=2)
"""Answers of 429 that come so soon after a cut were under way when it was made."""

RECOVERY = timedelta(seconds=5)
GROWTH = 1.1
"""After so long without a 429 the limits grow by so much."""


@dataclass(frozen=True, slots=True)
class LimitShare:
    """What of an alias's limits a process may use: calls at once, and its part of all calls a minute."""

    slots: int
    share: float
    factor: float


class ModelLimits:
    """The limits of aliases as all processes of a database share them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lease(self, alias: str, worker: str, total: int, *, in_use: int, wanted: int, refused: bool,
                    ttl: timedelta) -> LimitShare:
        """Take this process's part, until ``ttl`` has passed.

        The parts of all never add up to more than ``total``: one process grows only by what others have given back.

        Args:
            total: calls that the endpoint bears at once when it is well.
            refused: whether it has answered 429 to this process since the last time.
        """
        factor = await self._factor(alias, refused=refused)
        rows = (await self._session.scalars(select(ModelSlotsRow).where(
            ModelSlotsRow.alias == alias, ModelSlotsRow.until > DatabaseClock()))).all()
        others = {row.worker: row for row in rows if row.worker != worker}
        bearable = max(1, int(total * factor))
        targets = level({worker: wanted, **{name: row.wanted for name, row in others.items()}}, bearable)
        left = bearable - sum(row.slots for row in others.values())
        # What is under way cannot be taken back.
        slots = max(min(targets[worker], left), min(in_use, total), 0)
        said = {"slots": slots, "wanted": wanted, "until": DatabaseClock(ttl)}
        known = await self._session.scalar(
            update(ModelSlotsRow).where(ModelSlotsRow.alias == alias, ModelSlotsRow.worker == worker).values(said)
            .returning(ModelSlotsRow.slots), execution_options={"synchronize_session": False})
        if known is None:
            self._session.add(ModelSlotsRow(alias=alias, worker=worker, **said))
        everybody = sum(targets.values())
        return LimitShare(slots, targets[worker] / everybody if everybody else 1 / (len(others) + 1), factor)

    async def _factor(self, alias: str, *, refused: bool) -> float:
        """The part of the limits that holds now; the row stays locked, so that one process divides at a time."""
        row = await self._locked(alias)
        if row is None:
            try:
                async with self._session.begin_nested():
                    self._session.add(ModelLimitRow(alias=alias, factor=1.0, changed_at=now()))
            except IntegrityError:
                pass
            row = await self._locked(alias)
            assert row is not None
        moment = now()
        if refused and (row.factor == 1.0 or moment - row.changed_at > CUT_AGAIN):
            row.factor, row.changed_at = max(LEAST, row.factor * CUT), moment
        elif not refused and row.factor < 1.0 and moment - row.changed_at > RECOVERY:
            row.factor, row.changed_at = min(1.0, row.factor * GROWTH), moment
        return row.factor

    async def _locked(self, alias: str) -> ModelLimitRow | None:
        return await self._session.get(ModelLimitRow, alias, with_for_update=True)


def level(wanted: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide so that nobody gets more than it wants, and nobody less than another but for its wants."""
    given = dict.fromkeys(wanted, 0)
    left, open_ = total, sorted(name for name, count in wanted.items() if count)
    while left > 0 and open_:
        each = max(1, left // len(open_))
        for name in open_:
            more = min(each, wanted[name] - given[name], left)
            given[name] += more
            left -= more
        open_ = [name for name in open_ if given[name] < wanted[name]]
    return given
