"""The questions of a run to people: the journal answers what was answered before, a person the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langgraph.errors import GraphInterrupt
from langgraph.types import interrupt

from pyscrai.engines.agents.approval import about_proposal, is_about, place_of
from pyscrai.engines.agents.person import ANSWER, check_answer, handed_back, misfit
from pyscrai.engines.ports.model import ModelReply, Usage
from pyscrai.engines.ports.record import CallKey, CallRecord, Record
from pyscrai.errors import RunError


class Questions:
    """The questions of one run to people, at the places of the journal.

    Args:
        interrupts: how many interrupts each recorded answer took, where LangGraph hands the answers of a turn over
            again whenever the turn goes on, as Studio has it.
    """

    def __init__(self, record: Record, interrupts: dict[CallKey, int] | None = None) -> None:
        self._record, self._interrupts = record, interrupts
        self.begun_anew = False
        """Whether the turn is played without the answers that were recorded of it."""
        self._given: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    def give(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Answer a question for which the run waits; it is not given to another one that stands there by then."""
        self._given[request["role"]] = request, answer

    def ask(self, request: Mapping[str, Any]) -> CallRecord:
        """Ask a person, and record the answer; the run waits here until there is one that fits."""
        asked, interrupts = dict(request), 0
        given, answer = self._given.pop(request["role"], (None, None))
        if given is None or not _same(given, request):
            answer, interrupts = interrupt(asked), 1
        while not (answer or {}).get("release"):
            try:
                check_answer(answer or {}, request)
                break
            except RunError as error:
                asked["problem"] = error.message
                answer, interrupts = interrupt(asked), interrupts + 1
        assert answer is not None
        recorded = CallRecord(
            answer_key(request), "human", f"person:{answer.get('person') or request['person'] or 'someone'}",
            about_proposal(request), ModelReply(json.dumps(dict(answer)), "stop", Usage(), "person",
                                                float(answer.get("latency_ms", 0.0))))
        self._record.note(recorded)
        if self._interrupts is not None:
            self._interrupts[recorded.key] = interrupts
        return recorded

    def recall(self, key: CallKey, request: Mapping[str, Any]) -> CallRecord | None:
        """The recorded answer at a place, None where there is none."""
        held = self._record.recall(key)
        if held is None or held.reply is None:
            return None
        try:
            for _ in range((self._interrupts or {}).get(key, 0)):
                interrupt(dict(request))  # gives what was answered; the next question gets the next answer
        except GraphInterrupt:
            self.begun_anew = True
            raise
        return held

    def answer(self, request: Mapping[str, Any]) -> tuple[CallRecord, list[CallRecord]]:
        """The answer for a role's own turn.

        An answer that was given before people changed the world may fit no more: the person is asked again.

        Returns:
            The answer, and those that were passed over.
        """
        place, ordinal = place_of(request), ANSWER
        passed: list[CallRecord] = []
        problem: dict[str, str] = {}
        while (held := self.recall(place.call(ordinal), request)) is not None:
            if handed_back(held) or not (told := misfit(held, request)):
                return held, passed
            passed.append(held)
            ordinal, problem = ordinal - 1, {"problem": told}
        return self.ask({**request, "ordinal": ordinal, **problem} if passed else request), passed

    def decision(self, request: Mapping[str, Any]) -> tuple[CallRecord | None, list[CallRecord]]:
        """The decision about what a request proposes.

        Where something else was proposed at the same place before, as it is when people change the world while a run
        waits, the decision about that is no answer to this.

        Returns:
            The decision, None where the role's model may go on by itself; and the decisions that were passed over.
        """
        place, ordinal = place_of(request), ANSWER
        passed: list[CallRecord] = []
        while (held := self.recall(place.call(ordinal), request)) is not None:
            if is_about(held, request):
                break
            passed.append(held)
            ordinal -= 1
        else:
            held = self.ask({**request, "ordinal": ordinal})
        return (None if handed_back(held) else held), passed

    def holds_decision(self, request: Mapping[str, Any]) -> bool:
        """Whether the journal holds a decision at the place of a request."""
        held = self._record.recall(place_of(request).call(ANSWER))
        return held is not None and held.reply is not None


def answer_key(request: Mapping[str, Any]) -> CallKey:
    """The place in the journal where the answer to a request belongs."""
    return place_of(request).call(request.get("ordinal", ANSWER))


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two requests ask the same at the same place."""
    return answer_key(one) == answer_key(other) and about_proposal(one) == about_proposal(other)
