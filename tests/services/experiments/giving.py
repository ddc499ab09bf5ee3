"""A small scenario of which every value is computed, an experiment on it, and the scripted model that plays it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.experiments.reader import LoadedExperiment, experiment_of_data
from pyscrai.llm.scripted.model import ScriptedModel

GOODS: dict[str, Any] = {
    "kind": "scenario", "name": "goods", "version": "1.0.0", "premise": "Two people give to a pot.",
    "parameters": {"multiplier": {"type": "integer", "default": 1, "minimum": 1, "maximum": 9}},
    "variables": {"pot": {"type": "integer", "initial": 0, "minimum": 0, "maximum": 10_000},
                  "bonus": {"type": "integer", "initial": 0, "minimum": 0, "maximum": 100}},
    "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a giver"}, "model": "script",
                               "failure": {"retries": 0, "backoff": 0}}} for name in ("ann", "bob")},
    "actions": {"give": {"fields": {"amount": {"type": "integer", "minimum": 0, "maximum": 10}},
                         "set": {"pot": "vars.pot + args.amount * params.multiplier + vars.bonus"}}},
    "flow": {"start": "giving", "phases": {
        "giving": {"speakers": ["ann", "bob"], "action": "give", "next": [{"to": "last", "after_turns": 4}]},
        "last": {"speakers": ["ann", "bob"], "action": "give", "next": [{"to": "end", "after_turns": 2}]}}},
}

BASE: dict[str, Any] = {
    "kind": "experiment", "name": "pot", "question": "Does the multiplier fill the pot?", "scenario": "goods",
    "pasts": {"seeds": 4}, "arms": {"one": {}, "three": {"parameters": {"multiplier": 3}}},
    "measures": {"primary": {"name": "pot", "variable": "pot"}}, "parallel": 4}


class Giver(ScriptedModel):
    """Gives what the request's seed says; fails, or waits, where a test tells it to."""

    def __init__(self) -> None:
        super().__init__(self.answer, alias="script")
        self.fails: Callable[[ModelRequest], bool] = lambda request: False
        self.calls = 0
        self.price = 0.0
        """USD for each call."""

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        reply = await super().complete(request, on_token)
        return replace(reply, usage=replace(reply.usage, cost_usd=self.price)) if self.price else reply

    def answer(self, request: ModelRequest) -> Any:
        from pyscrai.errors import ModelError

        self.calls += 1
        if self.fails(request):
            return ModelError("the model is out of order")
        amount = random.Random(f"{request.seed}").randint(0, 10)
        return {"speech": "I give.", "text": "I give.", "actions": {"give": {"amount": amount}}}


def experiment(**changes: Any) -> LoadedExperiment:
    return experiment_of_data({**BASE, **changes})
