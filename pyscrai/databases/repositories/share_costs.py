"""What shares of the runs have cost, and what they may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.fleet_tables import ShareRow, ShareSpendingRow


@dataclass(frozen=True, slots=True)
class Spent:
    """What the calls of a share have cost, and what they may cost in all; None is no bound.

    Calls whose price is not known are not counted.
    """

    cost_usd: float = 0.0
    budget_usd: float | None = None

    @property
    def all(self) -> bool:
        """Whether nothing is left."""
        return self.budget_usd is not None and self.cost_usd >= self.budget_usd


class Spending:
    """The spending of the shares of a database; the tables' triggers count each call as it is recorded."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, shares: Collection[str] | None = None) -> Mapping[str, Spent]:
        """The spending of these shares, or of all that spent something or have a budget."""
        cost = select(ShareSpendingRow.share, func.sum(ShareSpendingRow.cost_usd)).group_by(ShareSpendingRow.share)
        bounds = select(ShareRow.share, ShareRow.budget_usd).where(ShareRow.budget_usd.is_not(None))
        if shares is not None:
            cost, bounds = cost.where(ShareSpendingRow.share.in_(shares)), bounds.where(ShareRow.share.in_(shares))
        spent = {row[0]: float(row[1]) for row in await self._session.execute(cost)}
        budgets = {row[0]: row[1] for row in await self._session.execute(bounds)}
        return {share: Spent(spent.get(share, 0.0), budgets.get(share)) for share in {*spent, *budgets}}

    async def bounded(self, shares: Collection[str]) -> Mapping[str, Spent]:
        """The spending of those of these shares that have a budget."""
        rows = await self._session.execute(
            select(ShareRow.share, ShareRow.budget_usd, func.coalesce(
                select(func.sum(ShareSpendingRow.cost_usd)).where(ShareSpendingRow.share == ShareRow.share)
                .scalar_subquery(), 0.0))
            .where(ShareRow.share.in_(shares), ShareRow.budget_usd.is_not(None)))
        return {row[0]: Spent(float(row[2]), row[1]) for row in rows}
