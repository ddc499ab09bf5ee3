"""Budgets of experiments and callers, as all processes of a database keep them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pyscrai.databases.coalescer import Together
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.share_costs import Spending, Spent
from pyscrai.errors import BudgetSpent

FRESH = 2.0
"""Seconds for which a share that has no budget is not asked for one again."""


class ShareBudgets:
    """Looks at what shares have spent. Concurrent questions of a process are answered by one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together: Together[str, Spent | None] = Together(self._read)
        self._unbounded: dict[str, float] = {}

    async def check(self, share: str) -> None:
        """See that a share may spend more: what any process has recorded up to now counts.

        Raises:
            BudgetSpent: it may not.
            StorageError: storage stayed away for longer than the database's patience.
        """
        if time.monotonic() < self._unbounded.get(share, 0.0):
            return
        spent = await self._together(share)
        if spent is None:
            self._unbounded[share] = time.monotonic() + FRESH
        elif spent.all:
            raise BudgetSpent(
                f"the budget of {share}, {spent.budget_usd:g} USD, is spent ({spent.cost_usd:.4f})", share=share,
                cure="a higher budget lets its runs go on: `pyscrai fleet share NAME --budget USD`")

    async def is_spent(self, share: str) -> bool:
        """Whether a share may spend nothing more."""
        try:
            await self.check(share)
        except BudgetSpent:
            return True
        return False

    async def _read(self, shares: Sequence[str]) -> Sequence[Spent | None]:
        # A run that plays waits for a database that is away, as it does everywhere.
        found = await self._database.reading(lambda session: Spending(session).bounded(set(shares)))
        return [found.get(share) for share in shares]


class SharePurse:
    """The ``Purse`` of a run: its share's budget."""

    def __init__(self, budgets: ShareBudgets, share: str) -> None:
        self._budgets, self._share = budgets, share

    async def see_that_there_is_some(self) -> None:
        await self._budgets.check(self._share)
