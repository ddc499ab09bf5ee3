"""An alias's limits, divided among all processes that ask the model: by what each of them wants now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    """What of an alias's limits a process may use: calls at once, and its part of all calls a minute.

    ``held`` slots are counted as its own: more than ``slots`` while calls are under way that it began before. It is to
    take its part again as soon as one of these has ended.
    """

    slots: int
    share: float
    factor: float
    held: int = 0
    unmet: bool = False
    """Whether it wants more than it could be given, because others hold what is due to it."""
    gave_back: bool = False
    """Whether it gave back what others wait for."""


class ModelLimits:
    """The limits of aliases as all processes of a database share them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lease(self, alias: str, worker: str, total: int, *, in_use: int, wanted: int, refused: bool,
                    ttl: timedelta) -> LimitShare:
        """Take this process's part, until ``ttl`` has passed.

        The parts of all never add up to more than ``total``: one process grows only by what others have given back.
        What nobody wants is divided among those that want something, so that their next call need not wait for it.

        Args:
            total: calls that the endpoint bears at once when it is well.
            wanted: calls that this process would make at once.
            refused: whether it has answered 429 to this process since the last time.
        """
        factor, moment = await self._factor(alias, refused=refused)
        rows = (await self._session.scalars(select(ModelSlotsRow).where(
            ModelSlotsRow.alias == alias, ModelSlotsRow.until > DatabaseClock()))).all()
        others = {row.worker: row for row in rows if row.worker != worker}
        before = next((row.slots for row in rows if row.worker == worker), 0)
        bearable = max(1, int(total * factor))
        wants = {worker: wanted, **{name: row.wanted for name, row in others.items()}}
        # Where there are fewer slots than processes, each gets its turn.
        targets = level(wants, bearable, turn=int(moment.timestamp() // 2))
        left = max(0, bearable - sum(row.slots for row in others.values()))
        slots = min(targets[worker], left)
        # What is under way cannot be taken back.
        held = max(slots, min(in_use, total))
        said = {"slots": held, "wanted": wanted, "until": DatabaseClock(ttl)}
        known = await self._session.scalar(
            update(ModelSlotsRow).where(ModelSlotsRow.alias == alias, ModelSlotsRow.worker == worker).values(said)
            .returning(ModelSlotsRow.slots), execution_options={"synchronize_session": False})
        if known is None:
            self._session.add(ModelSlotsRow(alias=alias, worker=worker, **said))
        everybody = sum(targets.values())
        unmet = targets[worker] > slots and wanted > slots
        waiting = any(row.slots < min(targets[name], row.wanted) for name, row in others.items())
        return LimitShare(slots, targets[worker] / everybody if everybody else 1 / (len(others) + 1), factor,
                          held, unmet, held < before and waiting)

    async def _factor(self, alias: str, *, refused: bool) -> tuple[float, datetime]:
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
        return row.factor, moment

    async def _locked(self, alias: str) -> ModelLimitRow | None:
        return await self._session.get(ModelLimitRow, alias, with_for_update=True)


def level(wanted: Mapping[str, int], total: int, *, turn: int = 0) -> dict[str, int]:
    """Divide so that nobody gets more than it wants, and nobody less than another but for its wants.

    What is left when all have what they want is divided among them as well.

    Args:
        turn: who comes first where there are fewer than those who want one.
    """
    given = dict.fromkeys(wanted, 0)
    asking = sorted(name for name, count in wanted.items() if count)
    if asking and total < len(asking):
        first = turn % len(asking)
        asking = asking[first:] + asking[:first]
    left = _fill(given, asking, total, lambda name: wanted[name])
    _fill(given, asking, left, lambda name: total)
    return given


def _fill(given: dict[str, int], names: Sequence[str], left: int, most: Callable[[str], int]) -> int:
    """Give out what is left, to each as much as to the others up to its most; what remains then."""
    open_ = [name for name in names if given[name] < most(name)]
    while left > 0 and open_:
        each = max(1, left // len(open_))
        for name in open_:
            more = min(each, most(name) - given[name], left)
            given[name] += more
            left -= more
        open_ = [name for name in open_ if given[name] < most(name)]
    return left
