"""Speech on its way to a seat while it streams in: only what its role is sure to hear, as it would be heard.

Who hears a turn is certain before its end only where the speaker has no choice of listeners, and what was streamed is
what will be said only where nobody approves it first and no small model is asked again for a better line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.calls.speech import clean
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.errors import ConfigError, ReplyError
from pyscrai.factories.scenario_factory import load_plan
from pyscrai.factories.services import Services
from pyscrai.services.seats import Seat

Piece = tuple[str, int, str | None]
"""Role, turn and a piece of speech; None takes back what came in the turn."""

TAKEN_AS_IT_IS = "instruct"
"""The layout of models whose line is the one that streamed in."""

ONE_BY_ONE = ("sequence", "round_robin", "random", "moderated", "free")
"""Orders in which nobody speaks without having heard the one before."""


@dataclass(slots=True)
class _Turn:
    turn: int
    heard: bool
    text: str = ""
    shown: str = ""


class SeatSpeech:
    """The turns that stream in, as one seat may hear them."""

    def __init__(self, services: Services, seat: Seat) -> None:
        self._services, self._seat = services, seat
        self._turns: dict[str, _Turn] = {}

    def forget(self) -> None:
        """Begin again: pieces may be missing."""
        self._turns.clear()

    async def hear(self, pieces: Iterable[Piece]) -> dict[str, str]:
        """Take pieces of speech.

        Returns:
            Role to all that it has said in its turn so far, where that has changed; empty where it is taken back.
        """
        for role, turn, text in pieces:
            found = self._turns.get(role)
            if found is None or found.turn != turn:
                found = self._turns[role] = _Turn(turn, await self._is_heard(role, turn))
            found.text = "" if text is None else found.text + text
        changed = {}
        for role, found in self._turns.items():
            said = await self._said(role, found.text) if found.heard else ""
            if said != found.shown:
                changed[role] = found.shown = said
        return changed

    async def _is_heard(self, role: str, turn: int) -> bool:
        plan = await load_plan(self._services, self._seat.run_id)
        async with self._services.database.read() as session:
            row = await Runs(session).get(self._seat.run_id)
        if row.turn != turn - 1 or row.phase not in plan.phases or role == self._seat.role:
            return False
        return is_sure_to_hear(plan, row.phase, role, self._seat.role) and self._is_taken_as_it_is(plan, role)

    def _is_taken_as_it_is(self, plan: Plan, role: str) -> bool:
        instance = plan.cast[role]
        aliases = [alias for alias in (instance.model, instance.failure.fallback) if alias is not None]
        try:
            return not instance.approve and all(self._services.models.layout(alias) == TAKEN_AS_IT_IS
                                                for alias in aliases)
        except ConfigError:
            return False    # a model that another process knows

    async def _said(self, role: str, text: str) -> str:
        plan = await load_plan(self._services, self._seat.run_id)
        others = [name for other, name in plan.names.items() if other != role]
        try:
            return clean(text, name=plan.names[role], others=others,
                         max_sentences=plan.cast[role].settings.max_sentences)
        except ReplyError:
            return ""


def is_sure_to_hear(plan: Plan, phase: str, speaker: str, listener: str) -> bool:
    """Whether all that a role says in a phase reaches a listener, whatever it chooses and whatever is true then."""
    spec = plan.phases[phase].spec
    if spec.order not in ONE_BY_ONE or speaker in plan.watchers or plan.conditional:
        return False
    if spec.audiences and spec.order != "free":
        return False
    audience = plan.audience(spec.audience, speaker)
    return audience == "all" or listener in audience
