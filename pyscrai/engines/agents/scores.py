"""The scores that an Analyst gives: each an answer to a question of its own, all of them asked at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median_low, mode
from typing import Any, NamedTuple

from pyscrai.engines.agents.engine import Ask, Engine
from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.calls.sentences import unbroken
from pyscrai.engines.view import View
from pyscrai.errors import ModelError, ReplyError
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.base import as_type

AT_ONCE = 16
"""Scores that are asked for at the same time at most; the model's own limits may be narrower."""

RATIONALE = 300
"""Characters of a rationale at most, where decoding is bound to them."""


class Score(NamedTuple):
    """A score or category, its rationale, and the ids of the lines that it rests on."""

    value: int | str
    rationale: str
    evidence: list[str]


Subject = tuple[Measure, str | None]
"""A measure and the role that it is of; None stands for the whole scenario."""


class _Room:
    """The scores that are asked for at the same time: how many, and whether it is of any use to begin another one."""

    def __init__(self, most: int) -> None:
        self.slots = asyncio.Semaphore(most)
        self.errors: dict[tuple[int, int], ModelError | ReplyError] = {}
        """Number of the subject and of the repeat to what went wrong."""

    def vain(self, number: int, again: int) -> ModelError | ReplyError | None:
        """The error for which a score that was not begun is left out: no model answers, or the measure failed."""
        unreached = [error for _, error in sorted(self.errors.items()) if isinstance(error, ModelError)]
        return unreached[0] if unreached else next(
            (self.errors[number, before] for before in range(again) if (number, before) in self.errors), None)


async def take_scores(engine: Engine, wanted: Sequence[Subject], view: View, ask: Ask
                      ) -> list[list[Score] | ModelError | ReplyError]:
    """The scores of each subject, as many as its measure repeats, or why they cannot be had.

    Each is asked for at a place of its own, so that it does not matter which answer comes first. Once no model can be
    reached, none is begun any more.
    """
    room = _Room(min(AT_ONCE, engine.model.concurrency or AT_ONCE))
    found: dict[tuple[int, int], Score] = {}

    async def take(number: int, again: int) -> None:
        measure, role = wanted[number]
        async with room.slots:
            asker = ask.apart(_name(measure, role, again))
            try:
                score = await _score(engine, measure, role, view, asker, again,
                                     vain=room.vain(number, again))
                if score is not None:
                    found[number, again] = score
            except (ModelError, ReplyError) as error:
                room.errors[number, again] = error

    tasks = [asyncio.create_task(take(number, again)) for number, (measure, _) in enumerate(wanted)
             for again in range(measure.repeats)]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return [_result(number, measure, found, room) for number, (measure, _) in enumerate(wanted)]


def _result(number: int, measure: Measure, found: Mapping[tuple[int, int], Score], room: _Room
            ) -> list[Score] | ModelError | ReplyError:
    for again in range(measure.repeats):
        if (number, again) not in found:
            error = room.errors.get((number, again)) or room.vain(number, again)
            assert error is not None
            return error
    return [found[number, again] for again in range(measure.repeats)]


def in_the_middle(measure: Measure, scores: Sequence[Score]) -> int:
    """The place of the score that counts: the one in the middle, or the most frequent category."""
    values = [score.value for score in scores]
    return values.index(mode(values) if measure.categories else median_low(values))


def _name(measure: Measure, role: str | None, again: int) -> str:
    return ".".join([measure.name, *([role] if role else []), *([str(again)] if again else [])])


async def _score(engine: Engine, measure: Measure, role: str | None, view: View, ask: Ask, again: int, *,
                 vain: ModelError | ReplyError | None) -> Score | None:
    """A score; None where asking is in vain and nothing is recorded."""
    schema = entry_schema(measure, view)
    name = engine.plan.cast[role].name if role else None
    messages, prompts = engine.messages("analyst_measure", view, measure=measure, of=name, ids=line_ids(engine, view))
    request = engine.request(messages, schema=schema)
    if vain is not None and not ask.holds(request, purpose="measurement"):
        return None
    if again:
        request = replace(request, seed=engine.plan.seed + again)
    value = await ask(request, purpose="measurement", read=engine.reader(any_evidence(schema)), prompts=prompts)
    return score_of(engine, value, view)


async def scores_in_one_call(engine: Engine, wanted: Sequence[Subject], view: View, ask: Ask
                             ) -> dict[tuple[str, str | None], Score]:
    """All scores in one call; none where there is one alone, or where the answer cannot be used."""
    judged = [(measure, role) for measure, role in wanted if measure.judged and measure.repeats == 1]
    if len(judged) < 2:
        return {}
    keys = {measure.name if role is None else f"{measure.name}_of_{role}": (measure, role)
            for measure, role in judged}
    schema = object_schema({key: entry_schema(measure, view) for key, (measure, _) in keys.items()})
    loose = object_schema({key: any_evidence(entry_schema(measure, view)) for key, (measure, _) in keys.items()})
    asked = [{"key": key, "of": engine.plan.cast[role].name if role else None, "rubric": measure.rubric,
              "range": f"From {measure.scale[0]} to {measure.scale[1]}." if measure.scale
              else f"One of: {', '.join(measure.categories or ())}."} for key, (measure, role) in keys.items()]
    messages, prompts = engine.messages("analyst_measures", view, measures=asked, ids=line_ids(engine, view))
    try:
        value = await ask(engine.request(messages, schema=schema), purpose="measurement", read=engine.reader(loose),
                          prompts=prompts, optional=True)
    except ReplyError:
        return {}       # too much for this model at once: each is asked for by itself
    return {(measure.name, role): score_of(engine, value[key], view) for key, (measure, role) in keys.items()}


def entry_schema(measure: Measure, view: View) -> dict[str, Any]:
    """JSON Schema of one score."""
    allowed: dict[str, Any] = ({"type": "integer", "minimum": measure.scale[0], "maximum": measure.scale[1]}
                               if measure.scale else {"enum": list(measure.categories or ())})
    return object_schema({"rationale": {"type": "string", LONGEST: RATIONALE}, "evidence": evidence_schema(view),
                          "value": allowed})


def score_of(engine: Engine, value: Mapping[str, Any], view: View) -> Score:
    """The score in a reply."""
    return Score(as_type(value["value"], "integer"), rationale_of(engine, value),
                 known_evidence(value["evidence"], view))


def rationale_of(engine: Engine, value: Mapping[str, Any]) -> str:
    """The reason in a reply; earlier editions recorded it as it came."""
    text: str = value["rationale"]
    return unbroken(text, RATIONALE) if engine.plan.edition > 2 else text


def known_evidence(ids: Sequence[str], view: View) -> list[str]:
    """Those of the cited ids that are lines which the Analyst has seen, each once; made-up ones drop out."""
    known = {line["id"] for line in view.lines}
    return [cited for cited in dict.fromkeys(text.strip("[] ") for text in ids) if cited in known]


def evidence_schema(view: View) -> dict[str, Any]:
    """A few ids of lines that the Analyst has seen."""
    return {"type": "array", "maxItems": 4, "items": {"enum": [line["id"] for line in view.lines] or [""]},
            "description": "ids of the lines that it rests on"}


def any_evidence(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that takes made-up ids too: where decoding is not bound to it, one of them is no reason to fail."""
    return {**schema, "properties": {**schema["properties"], "evidence": {
        "type": "array", "items": {"type": "string"}}}}


def line_ids(engine: Engine, view: View) -> list[str]:
    """The ids of the lines that the Analyst is shown, in their order."""
    return [line["id"] for line in engine.shown(view.lines)]


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has exactly these properties."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}
