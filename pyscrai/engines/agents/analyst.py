"""The Analyst observes, measures, judges and reports; nobody in the play hears it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median_low, mode
from typing import Any, ClassVar

from pyscrai.engines.agents.engine import Ask, Engine, Performance
from pyscrai.engines.agents.metrics import count
from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.calls.sentences import whole_sentences
from pyscrai.engines.orchestration.ends import goals
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.state import Activation
from pyscrai.engines.view import LAST, View
from pyscrai.errors import ModelError, ReplyError
from pyscrai.events import Assessment, Measurement, Report, ResultMissing, Verdict
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.base import as_type
from pyscrai.value_text import value_text

SUMMARY = 500
"""Characters of an assessment's summary at most, where decoding is bound to them."""


Score = tuple[int | str, str, list[str]]
"""A score or category, its rationale, and the ids of the lines that it rests on."""


class Analyst(Engine):
    """Looks on from outside the play."""

    engine: ClassVar[str] = "analyst"

    async def perform(self, activation: Activation, view: View, ask: Ask) -> Performance:
        task = activation["task"]
        if task == "observe":
            return await self.observe(view, ask)
        if task == "judge":
            return await self.judge(activation["goal"], view, ask)
        if task == "measure":
            return await self.measure(activation["measures"], view, ask, activation.get("pairs"))
        return await self.report(view, ask)

    async def observe(self, view: View, ask: Ask) -> Performance:
        """An assessment of the play so far."""
        schema = _object({"summary": {"type": "string", LONGEST: SUMMARY},
                          "findings": {"type": "array", "items": {"type": "string", LONGEST: 200}, "maxItems": 3}})
        messages, prompts = self.messages("analyst_observe", view)
        value = await ask(self.request(messages, schema=schema), purpose="assessment",
                          read=self.reader(schema), prompts=prompts)
        performance = Performance()
        summary = value["summary"] if len(value["summary"]) < SUMMARY else whole_sentences(value["summary"])
        performance.add(Assessment, source=self.role, summary=summary, findings=value["findings"])
        return performance

    async def judge(self, index: int, view: View, ask: Ask) -> Performance:
        """A verdict whether a stated goal is reached, with evidence."""
        key, goal = list(goals(self.plan.ends))[index]
        schema = _object({"rationale": {"type": "string", LONGEST: 300}, "met": {"type": "boolean"},
                          "evidence": _evidence(view)})
        messages, prompts = self.messages("analyst_judge", view, goal=goal.goal, ids=_ids(view))
        value = await ask(self.request(messages, schema=schema), purpose="verdict",
                          read=self.reader(_any_evidence(schema)), prompts=prompts)
        evidence = known_evidence(value["evidence"], view)
        performance = Performance()
        performance.add(Verdict, source=self.role, goal=goal.goal, met=value["met"], rationale=value["rationale"],
                        evidence=evidence)
        performance.state["verdicts"] = {key: {"by": self.role, "goal": goal.goal, "met": value["met"],
                                               "rationale": value["rationale"]}}
        return performance

    async def measure(self, names: Sequence[str], view: View, ask: Ask,
                      pairs: Sequence[Sequence[str | None]] | None = None) -> Performance:
        """Score each named measure, of each role that it is of; one that cannot be had is stated, the others count.

        Args:
            pairs: names of measures with the roles that they are of, where not all of them are wanted.
        """
        performance = Performance()
        analysis = self.plan.scenario.analysis
        found: dict[str, Any] = {}
        unreached: ModelError | None = None
        wanted = [(measure, role) for measure in (analysis.measures if analysis else ()) if measure.name in names
                  for role in self.subjects(measure)
                  if (not measure.judged or role is None or view.acted is None or role in view.acted)
                  and (pairs is None or [measure.name, role] in pairs)]
        at_once = await self._scores(wanted, view, ask) if analysis and analysis.together else {}
        for measure, role in wanted:
            value: float | int | str | None
            rationale, evidence = "", list[str]()
            if measure.metric is not None:
                value = self._difference(measure, role, count(measure.metric, role, view.spoken), view, found)
            elif measure.value is not None:
                assert view.value_of is not None
                value = _plain(self._difference(measure, role, view.value_of(measure, role), view, found))
            else:
                try:
                    if unreached is not None:
                        raise unreached
                    if (scored := at_once.get((measure.name, role))) is not None:
                        value, rationale, evidence = scored
                    else:
                        value, rationale, evidence = await self._repeated(performance, measure, role, view, ask)
                except (ModelError, ReplyError) as error:
                    if self.policy(error) == "pause":
                        raise
                    unreached = error if isinstance(error, ModelError) else None
                    performance.add(ResultMissing, source=self.role, task="measure", measures=[measure.name],
                                    of=role, error=error.as_dict())
                    continue
            performance.add(Measurement, source=self.role, measure=measure.name, of=role, value=value,
                            rationale=rationale, evidence=evidence)
            if role is None:
                found[measure.name] = value
            else:
                found[measure.name] = {**found.get(measure.name, {}), role: value}
        performance.state["measures"] = found
        return performance

    def _difference(self, measure: Measure, role: str | None, value: Any, view: View, found: dict[str, Any]) -> Any:
        """The change of a measure since it was taken last, where it tells that; the value is kept for next time.

        The first time it is the value itself; it is nothing where there is no number to compare.
        """
        if not measure.difference:
            return value
        key = LAST + measure.name
        held = view.last_values.get(measure.name)
        last = held if role is None else (held or {}).get(role)
        found[key] = value if role is None else {**found.get(key, held or {}), role: value}
        return value if last is None or value is None else round(value - last, 12)

    def subjects(self, measure: Measure) -> tuple[str | None, ...]:
        """The roles that a measure is of, Actors where it is of each; None stands for the whole scenario."""
        if measure.of == "scenario":
            return (None,)
        if measure.of == "each":
            return tuple(role for role, member in self.plan.cast.items()
                         if member.engine == "actor" and role not in self.plan.watchers)
        return self.plan.members((measure.of,))

    async def _scores(self, wanted: Sequence[tuple[Measure, str | None]], view: View, ask: Ask
                      ) -> dict[tuple[str, str | None], Score]:
        """All judged scores in one call; none where there is one alone, or where the answer cannot be used."""
        judged = [(measure, role) for measure, role in wanted if measure.judged and measure.repeats == 1]
        if len(judged) < 2:
            return {}
        keys = {measure.name if role is None else f"{measure.name}_of_{role}": (measure, role)
                for measure, role in judged}
        schema = _object({key: _entry(measure, view) for key, (measure, _) in keys.items()})
        loose = _object({key: _any_evidence(_entry(measure, view)) for key, (measure, _) in keys.items()})
        asked = [{"key": key, "of": self.plan.cast[role].name if role else None, "rubric": measure.rubric,
                  "range": f"From {measure.scale[0]} to {measure.scale[1]}." if measure.scale
                  else f"One of: {', '.join(measure.categories or ())}."} for key, (measure, role) in keys.items()]
        messages, prompts = self.messages("analyst_measures", view, measures=asked, ids=_ids(view))
        try:
            value = await ask(self.request(messages, schema=schema), purpose="measurement", read=self.reader(loose),
                              prompts=prompts, optional=True)
        except ReplyError:
            return {}       # too much for this model at once: each is asked for by itself
        return {(measure.name, role): _score_of(value[key], view) for key, (measure, role) in keys.items()}

    async def _repeated(self, performance: Performance, measure: Measure, role: str | None, view: View, ask: Ask
                        ) -> Score:
        """A score, taken as often as the measure says; all but the one in the middle are recorded here."""
        scores = [await self._score(measure, role, view, ask, again) for again in range(measure.repeats)]
        values = [score[0] for score in scores]
        middle = mode(values) if measure.categories else median_low(values)
        kept = values.index(middle)
        for index, (value, rationale, evidence) in enumerate(scores):
            if index != kept:
                performance.add(Measurement, source=self.role, measure=measure.name, of=role, value=value,
                                rationale=rationale, evidence=evidence)
        return scores[kept]

    async def _score(self, measure: Measure, role: str | None, view: View, ask: Ask, again: int) -> Score:
        schema = _entry(measure, view)
        name = self.plan.cast[role].name if role else None
        messages, prompts = self.messages("analyst_measure", view, measure=measure, of=name, ids=_ids(view))
        request = self.request(messages, schema=schema)
        if again:
            request = replace(request, seed=self.plan.seed + again)
        value = await ask(request, purpose="measurement", read=self.reader(_any_evidence(schema)), prompts=prompts)
        return _score_of(value, view)

    async def report(self, view: View, ask: Ask) -> Performance:
        """The final report in Markdown."""
        messages, prompts = self.messages("analyst_report", view)

        def read(reply: ModelReply) -> str:
            text = reply.text.strip() if reply.finish_reason != "length" else whole_sentences(reply.text)
            if not text:
                raise ReplyError("the report is empty")
            return text

        markdown = await ask(self.request(messages, max_tokens=self.layout.report_tokens),
                             purpose="report", read=read, prompts=prompts, speech="")
        performance = Performance()
        performance.add(Report, source=self.role, markdown=markdown)
        return performance


def _entry(measure: Measure, view: View) -> dict[str, Any]:
    """JSON Schema of one score."""
    allowed: dict[str, Any] = ({"type": "integer", "minimum": measure.scale[0], "maximum": measure.scale[1]}
                               if measure.scale else {"enum": list(measure.categories or ())})
    return _object({"rationale": {"type": "string", LONGEST: 300}, "evidence": _evidence(view), "value": allowed})


def _score_of(value: Mapping[str, Any], view: View) -> Score:
    return as_type(value["value"], "integer"), value["rationale"], known_evidence(value["evidence"], view)


def known_evidence(ids: Sequence[str], view: View) -> list[str]:
    """Those of the cited ids that are lines which the Analyst has seen, each once; made-up ones drop out."""
    known = {line["id"] for line in view.lines}
    return [cited for cited in dict.fromkeys(text.strip("[] ") for text in ids) if cited in known]


def _evidence(view: View) -> dict[str, Any]:
    """A few ids of lines that the Analyst has seen."""
    return {"type": "array", "maxItems": 4, "items": {"enum": _ids(view) or [""]},
            "description": "ids of the lines that it rests on"}


def _any_evidence(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that takes made-up ids too: where decoding is not bound to it, one of them is no reason to fail."""
    return {**schema, "properties": {**schema["properties"], "evidence": {
        "type": "array", "items": {"type": "string"}}}}


def _ids(view: View) -> list[str]:
    return [line["id"] for line in view.lines]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}


def _plain(value: Any) -> float | int | str | None:
    """A computed value as a measurement holds it."""
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, int | float) else value_text(value)
