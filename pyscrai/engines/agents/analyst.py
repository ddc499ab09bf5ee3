"""The Analyst observes, measures, judges and reports; nobody in the play hears it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from pyscrai.engines.agents.engine import Ask, Engine, Performance
from pyscrai.engines.agents.metrics import count
from pyscrai.engines.agents.scores import (
    RATIONALE,
    Score,
    any_evidence,
    evidence_schema,
    in_the_middle,
    known_evidence,
    line_ids,
    object_schema,
    rationale_of,
    scores_in_one_call,
    take_scores,
)
from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.calls.sentences import unbroken, whole_sentences
from pyscrai.engines.layouts.layout import Brief
from pyscrai.engines.line import transcript_line
from pyscrai.engines.orchestration.ends import goals
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.state import Activation
from pyscrai.engines.view import LAST, View
from pyscrai.errors import ModelError, ReplyError
from pyscrai.events import Assessment, Measurement, Report, ResultMissing, Verdict
from pyscrai.templates.models.analysis import Measure
from pyscrai.value_text import value_text

REPORT_TOKENS = 1_200
"""The longest report, in tokens."""

SUMMARY = 500
"""Characters of an assessment's summary at most, where decoding is bound to them."""


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
        schema = object_schema({
            "summary": {"type": "string", LONGEST: SUMMARY},
            "findings": {"type": "array", "items": {"type": "string", LONGEST: 200}, "maxItems": 3}})
        messages, prompts = self.messages("analyst_observe", view)
        value = await ask(self.request(messages, schema=schema), purpose="assessment",
                          read=self.reader(schema), prompts=prompts)
        performance = Performance()
        summary = value["summary"]
        if self.plan.edition > 2:
            summary = unbroken(summary, SUMMARY)
        elif len(summary) >= SUMMARY:
            summary = whole_sentences(summary)
        performance.add(Assessment, source=self.role, summary=summary, findings=value["findings"])
        return performance

    async def judge(self, index: int, view: View, ask: Ask) -> Performance:
        """A verdict whether a stated goal is reached, with evidence."""
        key, goal = list(goals(self.plan.ends))[index]
        schema = object_schema({"rationale": {"type": "string", LONGEST: RATIONALE}, "met": {"type": "boolean"},
                                "evidence": evidence_schema(view)})
        messages, prompts = self.messages("analyst_judge", view, goal=goal.goal, ids=line_ids(self, view))
        value = await ask(self.request(messages, schema=schema), purpose="verdict",
                          read=self.reader(any_evidence(schema)), prompts=prompts)
        evidence = known_evidence(value["evidence"], view)
        performance = Performance()
        rationale = rationale_of(self, value)
        performance.add(Verdict, source=self.role, goal=goal.goal, met=value["met"], rationale=rationale,
                        evidence=evidence)
        performance.state["verdicts"] = {key: {"by": self.role, "goal": goal.goal, "met": value["met"],
                                               "rationale": rationale}}
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
        wanted = [(measure, role) for measure in (analysis.measures if analysis else ()) if measure.name in names
                  for role in self.subjects(measure)
                  if (not measure.judged or role is None or view.acted is None or role in view.acted)
                  and (pairs is None or [measure.name, role] in pairs)]
        scores: dict[tuple[str, str | None], list[Score] | ModelError | ReplyError] = {}
        if analysis and analysis.together:
            scores.update({key: [score] for key, score in (await scores_in_one_call(self, wanted, view, ask)).items()})
        left = [(measure, role) for measure, role in wanted if measure.judged and (measure.name, role) not in scores]
        scores.update(zip(((measure.name, role) for measure, role in left), await take_scores(self, left, view, ask),
                          strict=True))
        for measure, role in wanted:
            value: float | int | str | None
            rationale, evidence = "", list[str]()
            if measure.metric is not None:
                value = self._difference(measure, role, count(measure.metric, role, view.spoken), view, found)
            elif measure.value is not None:
                assert view.value_of is not None
                value = _plain(self._difference(measure, role, view.value_of(measure, role), view, found))
            else:
                taken = scores[measure.name, role]
                if isinstance(taken, ModelError | ReplyError):
                    if self.policy(taken) == "pause":
                        raise taken
                    performance.add(ResultMissing, source=self.role, task="measure", measures=[measure.name],
                                    of=role, error=taken.as_dict())
                    continue
                kept = in_the_middle(measure, taken)
                for score in (*taken[:kept], *taken[kept + 1:]):
                    performance.add(Measurement, source=self.role, measure=measure.name, of=role,
                                    **score._asdict())
                value, rationale, evidence = taken[kept]
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

    async def report(self, view: View, ask: Ask) -> Performance:
        """The final report in Markdown."""
        brief = self.layout.brief
        performance = Performance()
        performance.add(Report, source=self.role, markdown=await (
            self._whole(view, ask) if brief is None else self._brief(brief, view, ask)))
        return performance

    async def _whole(self, view: View, ask: Ask) -> str:
        """The report, asked for as a whole."""
        messages, prompts = self.messages("analyst_report", view)
        return await ask(self.request(messages, max_tokens=REPORT_TOKENS),
                         purpose="report", read=_told, prompts=prompts, speech="")

    async def _brief(self, brief: Brief, view: View, ask: Ask) -> str:
        """The report, made of the answers to short questions."""
        critic = brief.critic(view.lines)
        messages, prompts = self.messages("analyst_brief", view)
        course = await ask(self.request(messages, max_tokens=brief.tokens), purpose="report",
                           read=lambda reply: critic.judged(_told(reply)), prompts=prompts, speech="")
        choices = brief.choices(view.lines)
        if not choices:
            return brief.markdown(course, None)
        schema = object_schema({"line": {"type": "integer", "enum": list(range(1, len(choices) + 1))}})
        messages, prompts = self.messages("analyst_turning_point", view,
                                          choices=[transcript_line(line).strip() for line in choices])
        chosen = await ask(self.request(messages, schema=schema), purpose="report", read=self.reader(schema),
                           prompts=prompts)
        return brief.markdown(course, choices[chosen["line"] - 1])


def _told(reply: ModelReply) -> str:
    text = reply.text.strip() if reply.finish_reason != "length" else whole_sentences(reply.text)
    if not text:
        raise ReplyError("the report is empty")
    return text


def _plain(value: Any) -> float | int | str | None:
    """A computed value as a measurement holds it; what is divided by zero is no number."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, int | float) else value_text(value)
