"""The looks of those who heard a message which a fork changes: what they found in it is found out again.

Scores, verdicts and assessments of a turn at or after the message were made of its old words, and so was the choice of
who speaks next. They are no part of the fork's past: what the flow reads of them goes back to what it was before the
message, and the fork's first step takes them again, as of the turn at which it leaves its parent. What was counted of
the old words is counted of the new ones. What the looks have led to in the world (phases, changes of variables) stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.audience import hears
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.agents.metrics import retold
from pyscrai.engines.orchestration.activations import activation, speaking
from pyscrai.engines.orchestration.ends import goals
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.place import Place
from pyscrai.engines.state import Activation, Line
from pyscrai.engines.view import LAST
from pyscrai.factories.services import Services
from pyscrai.services.run_states import state_before_looks
from pyscrai.templates.cel.expression import compile_expression
from pyscrai.templates.models.analysis import Measure


@dataclass(frozen=True, slots=True)
class Retaken:
    """The channels of the state that are otherwise, and what the fork's record says of it."""

    channels: Mapping[str, Any]
    said: Mapping[str, Any]


async def retake(services: Services, run_id: str, plan: Plan, values: Mapping[str, Any], line: Line, text: str,
                 upto: int) -> Retaken:
    """Put back what was found in a line, and have it found again.

    Args:
        run_id: whose log has the past.
        values: the state with which the fork begins.
        line: the line that is changed, with its old words; ``text`` are its new ones.
        upto: the last turn that the fork shares.
    """
    listening = {role for role in plan.cast if hears(role, audience=line["audience"], speaker=line["speaker"])}
    channels: dict[str, Any] = {}
    said: dict[str, Any] = {}
    by = sorted(plan.watchers & listening)
    names = _derived_measures(plan) if by else []
    async with services.database.read() as session:
        events = Events(session)
        found = await events.read(run_id, kinds=("assessment", "verdict", "measurement"), sources=by,
                                  from_turn=line["turn"], to_turn=upto) if by else []
        moderator = plan.phases[values["phase"]].spec.moderator if values.get("phase") else None
        if moderator in listening:
            key = Place(upto + 1, str(moderator), "moderate").turn_keys().stem
            if await events.by_key(run_id, [key]):
                channels["next"] = [activation(str(moderator), "moderate", upto + 1), *(
                    each for each in values["next"] if each not in speaking(values["next"]))]
                said["chosen_again"] = moderator
    found = [event for event in found if event.kind != "measurement" or event.payload["measure"] in names]
    if found:
        before = await state_before_looks(services, run_id, line["turn"])
        channels["next"] = _with_looks(plan, channels.get("next", values["next"]), found, upto)
        channels["measures"] = _measures(values.get("measures"), before.get("measures"), names)
        channels["verdicts"] = {
            **{key: held for key, held in (values.get("verdicts") or {}).items() if held["by"] not in by},
            **{key: held for key, held in (before.get("verdicts") or {}).items() if held["by"] in by}}
        said["retaken"] = {"by": by, "measures": names}
    analysis = plan.scenario.analysis
    if analysis is not None and analysis.by in listening and line["kind"] == "utterance" and line["speaker"]:
        spoken = retold(plan, values["clock"]["spoken"], line["speaker"], line["content"], text)
        channels["clock"] = {**values["clock"], "spoken": spoken}
    return Retaken(channels, said)


def _derived_measures(plan: Plan) -> list[str]:
    """The measures that words make: what is judged or counted of them, and what is computed of such measures."""
    analysis = plan.scenario.analysis
    return [measure.name for measure in (analysis.measures if analysis else ()) if _of_words(measure)]


def _of_words(measure: Measure) -> bool:
    if measure.value is not None:
        return any(path[0] == "measures" for path in compile_expression(measure.value).paths)
    return measure.judged or measure.metric in ("words", "sentiment")


def _measures(now: Mapping[str, Any] | None, before: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, Any]:
    derived = {key for name in names for key in (name, LAST + name)}
    return {**{key: held for key, held in (now or {}).items() if key not in derived},
            **{key: held for key, held in (before or {}).items() if key in derived}}


def _with_looks(plan: Plan, following: Sequence[Activation], found: Sequence[StoredEvent], turn: int
                ) -> list[Activation]:
    """The next activations, with those who look on again; what is due for them anyway is due once."""
    looks = list(following)
    for role in dict.fromkeys(event.source for event in found):
        assert role is not None
        own = [event for event in found if event.source == role]
        goal_texts = {event.payload["goal"] for event in own if event.kind == "verdict"}
        for index, (_, goal) in enumerate(goals(plan.ends)):
            if goal.by == role and goal.goal in goal_texts:
                _add(looks, {**activation(role, "judge", turn), "goal": index})
        if any(event.kind == "assessment" for event in own):
            _add(looks, activation(role, "observe", turn))
        if names := list(dict.fromkeys(event.payload["measure"] for event in own if event.kind == "measurement")):
            due = next((each for each in looks if each["role"] == role and each["task"] == "measure"), None)
            if due is None:
                looks.append({**activation(role, "measure", turn), "measures": names})
            else:
                looks[looks.index(due)] = {**due, "measures": list(dict.fromkeys([*due["measures"], *names]))}
    return looks


def _add(looks: list[Activation], look: Activation) -> None:
    if look not in looks:
        looks.append(look)
