"""Who may still spend: the budget that a run shares with others, as the engines need it."""

from __future__ import annotations

from typing import Protocol


class Purse(Protocol):
    """The money of whoever a run is played for."""

    async def see_that_there_is_some(self) -> None:
        """See that one more call may be made.

        Raises:
            BudgetSpent: nothing is left; the run stands before this turn, and goes on once there is more.
        """
        ...
