"""A meta-test: every field of every template changes something that can be seen: a prompt, a schema, an event, an end.

A field that is accepted and ignored tells its author a lie. A new field needs an entry here, or a reason why not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from pyscrai.engines.orchestration.turn_order import successors
from pyscrai.templates.models import action, agent, analysis, flow, scenario, variable, world
from pyscrai.templates.models.scenario import ScenarioTemplate
from tests.engines.playing import Playing

MODELS = {found.__name__: found for module in (action, agent, analysis, flow, scenario, variable, world)
          for found in vars(module).values()
          if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__}


def person(**more: Any) -> dict[str, Any]:
    return {"engine": "actor", "personality": {"role": "a person"}, "failure": {"retries": 0, "backoff": 0}, **more}


BASE: dict[str, Any] = {
    "kind": "scenario", "name": "base", "premise": "A {{ params.place }}.",
    "parameters": {"place": {"type": "string", "default": "mill", "choices": ["mill", "barn"]}},
    "variables": {"pot": {"type": "integer", "initial": 1, "minimum": 0, "maximum": 5},
                  "bids": {"type": "list", "item": "integer", "initial": []},
                  "card": {"type": "string", "per_role": True, "initial": "blank"}},
    "groups": {"crew": ["ann", "bob"], "few": {"of": ["crew"], "when": "role == 'ann'"}},
    "roles": {"ann": {"agent": person(memory={"window": 2, "block": 1, "summary": True})}, "bob": {"agent": person()},
              "god": {"agent": person(engine="narrator")}, "eve": {"agent": person(engine="analyst")}},
    "flow": {"start": "one", "phases": {
        "one": {"speakers": ["ann", "bob", "god"], "action": "vote", "audiences": ["whisper"],
                "next": [{"to": "two", "after_rounds": 2}]},
        "two": {"speakers": ["ann", {"group": "crew", "when": "role == 'bob'"}], "order": "simultaneous",
                "next": [{"to": "end"}]}}},
    "actions": {"vote": {"fields": {"choice": {"enum": ["yes", "no"]}, "amount": {"type": "integer"}},
                         "set": {"pot": "vars.pot + 1"}}},
    "rules": [{"when": "turn == 2 || turn == 3", "set": {"pot": "3"}, "inject": {"text": "Thunder."}}],
    "injects": [{"text": "A knock.", "at_turn": 1}],
    "ends": [{"turns": 30}],
    "analysis": {"by": "eve", "measures": [{"name": "calm", "scale": [1, 3], "rubric": "how calm"},
                                           {"name": "sum", "value": "vars.pot", "each": 2}]}}

Change = Callable[[dict[str, Any]], object]


def one(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["flow"]["phases"]["one"]
    return found


def two(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["flow"]["phases"]["two"]
    return found


def ann(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["roles"]["ann"]
    return found


def put(where: Callable[[dict[str, Any]], dict[str, Any]], **fields: Any) -> Change:
    return lambda data: where(data).update(fields)


def measure(data: dict[str, Any], index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = data["analysis"]["measures"][index]
    return found


def persona(**fields: Any) -> Change:
    return lambda data: ann(data)["agent"]["personality"].update(fields)


def own(**fields: Any) -> Change:
    return lambda data: ann(data)["agent"].update(fields)


def memory(**fields: Any) -> Change:
    return lambda data: ann(data)["agent"].update(memory={"window": 2, "block": 1, "summary": True, **fields})


def end(**fields: Any) -> Change:
    return lambda data: data.update(ends=[fields])


def of(*keys: Any, **fields: Any) -> Change:
    def change(data: Any) -> None:
        for key in keys:
            data = data[key]
        data.update(fields)

    return change


CHANGES: Mapping[str, Change] = {
    "Argument.type": of("actions", "vote", "fields", "amount", type="boolean"),
    "Argument.enum": of("actions", "vote", "fields", "choice", enum=["yes", "maybe"]),
    "Argument.minimum": of("actions", "vote", "fields", "amount", minimum=7),
    "Argument.maximum": of("actions", "vote", "fields", "amount", maximum=7),
    "Argument.max_length": of("actions", "vote", "fields", why={"max_length": 5}),
    "Argument.description": of("actions", "vote", "fields", "amount", description="in coins"),
    "Argument.required": of("actions", "vote", "fields", "amount", required=False),
    "ActionSpec.description": of("actions", "vote", description="a vote"),
    "ActionSpec.fields": of("actions", "vote", fields={}),
    "ActionSpec.by": of("actions", "vote", by=["bob"]),
    "ActionSpec.audience": of("actions", "vote", audience=["god"]),
    "ActionSpec.set": of("actions", "vote", set={"pot": "0"}),
    "Personality.role": persona(role="a baker"), "Personality.backstory": persona(backstory="Long ago."),
    "Personality.goals": persona(goals=["win"]), "Personality.traits": persona(traits=["quick"]),
    "Personality.constraints": persona(constraints=["never lies"]), "Personality.style": persona(style="short"),
    "Personality.examples": persona(examples=["Aha."]),
    "ModelSettings.temperature": own(settings={"temperature": 0.1}),
    "ModelSettings.top_p": own(settings={"top_p": 0.1}),
    "ModelSettings.max_tokens": own(settings={"max_tokens": 9}),
    "ModelSettings.max_sentences": own(settings={"max_sentences": 1}),
    "Memory.window": memory(window=5), "Memory.block": memory(block=4), "Memory.summary": memory(summary=False),
    "Memory.summary_words": memory(summary_words=77),
    "Memory.reflection": memory(reflection={"every": 2}),
    "ReflectionSettings.every": memory(reflection={"every": 3}),
    "ReflectionSettings.insights": memory(reflection={"every": 2, "insights": 7}),
    "AgentBody.engine": own(engine="narrator"), "AgentBody.personality": persona(role="a judge"),
    "AgentBody.secret": own(secret="A secret."), "AgentBody.model": own(model="other"),
    "AgentBody.settings": own(settings={"top_p": 0.2}),
    "AgentBody.prompts": own(prompts={"turn": "Speak, {{ name }}."}),
    "AgentBody.memory": memory(window=5), "AgentBody.tools": own(tools=["dice"]),
    "End.any": end(any=[{"turns": 2}]), "End.all": end(all=[{"turns": 2}]), "End.turns": end(turns=2),
    "End.phrase": end(phrase="the"),
    "End.when": end(when="turn == 2"),
    "End.judge": end(judge={"goal": "g", "by": "eve"}),
    "End.narrator": end(narrator=True), "End.label": end(turns=2, label="Over"), "End.pause": end(turns=2, pause=True),
    "Judge.goal": end(judge={"goal": "h", "by": "eve"}), "Judge.by": end(judge={"goal": "g", "by": "eve", "every": 2}),
    "Judge.every": end(judge={"goal": "g", "by": "eve", "every": 3}),
    "Phrase.text": end(phrase={"text": "we"}), "Phrase.by": end(phrase={"text": "we", "by": ["ann"]}),
    "Measure.name": put(measure, name="quiet"), "Measure.scale": put(measure, scale=[1, 9]),
    "Measure.categories": put(measure, scale=None, categories=["a", "b"]), "Measure.of": put(measure, of="ann"),
    "Measure.metric": put(measure, scale=None, rubric="", metric="words"), "Measure.each": put(measure, each="phase"),
    "Measure.rubric": put(measure, rubric="how loud"),
    "Measure.repeats": put(measure, repeats=3),
    "Measure.after": lambda data: measure(data, 1).update(after=True),
    "Measure.value": lambda data: measure(data, 1).update(value="vars.pot * 2"),
    "Measure.difference": lambda data: measure(data, 1).update(difference=True),
    "Analysis.measures": of("analysis", measures=[]), "Analysis.report": of("analysis", report=False),
    "Analysis.by": lambda data: data.pop("analysis"),
    "Analysis.together": lambda data: (data["analysis"].update(together=True), data["analysis"]["measures"].append(
        {"name": "loud", "scale": [1, 3], "rubric": "how loud"})),
    "Transition.to": lambda data: one(data)["next"][0].update(to="end"),
    "Transition.when": lambda data: one(data)["next"][0].update(when="turn > 7"),
    "Transition.after_turns": lambda data: one(data)["next"][0].update(after_turns=8),
    "Transition.after_rounds": lambda data: one(data)["next"][0].update(after_rounds=1),
    "Transition.on_event": lambda data: one(data)["next"].insert(0, {"to": "end", "on_event": "inject"}),
    "Transition.majority": lambda data: one(data)["next"].insert(0, {
        "to": "end", "majority": {"action": "vote", "field": "choice"}}),
    "SpeakerSpec.when": lambda data: two(data)["speakers"][1].update(when="role == 'ann'"),
    "SpeakerSpec.group": lambda data: two(data).update(speakers=["ann", {"group": "few", "when": "true"}]),
    "SpeakerSpec.role": lambda data: two(data).update(speakers=["ann", {"role": "god", "when": "true"}]),
    "Observe.by": put(one, observe={"by": "eve"}), "Observe.every": put(one, observe={"by": "eve", "every": 2}),
    "Phase.text": put(one, text="The sun rises."), "Phase.task": put(one, task="agree"),
    "Phase.speakers": put(one, speakers=["bob", "ann"]), "Phase.order": put(one, order="free"),
    "Phase.moderator": put(one, order="moderated", moderator="god", speakers=["ann", "bob"]),
    "Phase.resolver": put(two, resolver="god"), "Phase.observe": put(one, observe={"by": "eve", "every": 3}),
    "Phase.audience": put(one, audience=["god"]), "Phase.audiences": put(one, audiences=["god"]),
    "Phase.action": put(one, action=None), "Phase.optional_actions": put(two, optional_actions=["vote"]),
    "Phase.to_several": put(one, to_several=True), "Phase.on_enter": put(two, on_enter={"pot": "0"}),
    "Phase.on_leave": put(one, on_leave={"pot": "4"}), "Phase.max_turns": put(one, max_turns=2),
    "Phase.next": lambda data: one(data).update(next=[{"to": "end"}]),
    "Phase.scene_rounds": lambda data: (data["groups"].update(a=["ann"], b=["bob"]), two(data).update(
        speakers=["a", "b"], order="parallel", scene_rounds=2)),
    "Flow.start": lambda data: (data["flow"].update(start="two"), two(data).update(next=[{"to": "one"}]),
                                one(data).update(next=[{"to": "end"}])),
    "GroupSpec.of": lambda data: (two(data).update(speakers=["few"]), data["groups"]["few"].update(of=["ann"])),
    "GroupSpec.when": lambda data: (two(data).update(speakers=["few"]),
                                    data["groups"]["few"].update(when="role == 'bob'")),
    "Role.name": put(ann, name="Anna"),
    "Role.secret": put(ann, secret="She knows."),
    "Role.goals": put(ann, goals=["win"]),
    "Role.brief": put(ann, brief="The host."), "Role.knows": put(ann, knows=["The mill burns."]),
    "Role.hears": put(ann, hears=["god"]), "Role.model": put(ann, model="other"),
    "Role.settings": put(ann, settings={"temperature": 0.3}), "Role.prompts": put(ann, prompts={"turn": "Go."}),
    "Role.memory": put(ann, memory={"window": 1}), "Role.tools": put(ann, tools=["dice"]),
    "Role.human": put(ann, human="always"), "Role.agent": put(ann, agent=person(personality={"role": "x"})),
    "ScenarioTemplate.premise": of(premise="A field."), "ScenarioTemplate.max_turns": of(max_turns=3),
    "ScenarioTemplate.setup": of(setup={"pot": "2"}),
    "ScenarioTemplate.documents": lambda data: (ann(data).update(tools=["look_up"]), data.update(documents={"a": "b"})),
    "Parameter.default": of("parameters", "place", default="barn"),
    "Variable.initial": of("variables", "pot", initial=2), "Variable.visible_to": of("variables", "pot", visible_to=[]),
    "Variable.changed_by": of("variables", "pot", changed_by=[]), "Variable.minimum": of("variables", "pot", minimum=1),
    "Variable.maximum": of("variables", "pot", maximum=2),
    "Variable.description": of("variables", "pot", description="gold"),
    "Variable.per_role": of("variables", "card", per_role=["ann"]),
    "Variable.type": of("variables", "pot", type="number"),
    "Rule.when": lambda data: data["rules"][0].update(when="turn == 3"),
    "Rule.set": lambda data: data["rules"][0].update(set={"pot": "4"}),
    "Rule.inject": lambda data: data["rules"][0].update(inject={"text": "Rain."}),
    "Rule.label": lambda data: data["rules"][0].update(label="storm"),
    "Rule.chance": lambda data: data["rules"][0].update(chance=0.000001),
    "Rule.once": lambda data: data["rules"][0].update(once=True),
    "InjectText.text": lambda data: data["injects"][0].update(text="A shout."),
    "InjectText.audience": lambda data: data["injects"][0].update(audience=["bob"]),
    "InjectText.source": lambda data: data["injects"][0].update(source="Radio"),
    "InjectSpec.label": lambda data: data["injects"][0].update(label="door"),
    "InjectSpec.at_turn": lambda data: data["injects"][0].update(at_turn=2),
    "InjectSpec.every": lambda data: data["injects"][0].update(every=2),
    "InjectSpec.phase": lambda data: data["injects"][0].update(phase="two"),
    "InjectSpec.when": lambda data: data["injects"][0].update(when="false"),
    "InjectSpec.once": lambda data: data["injects"][0].update(at_turn=None, when="turn % 2 == 0", once=False),
    "InjectSpec.chance": lambda data: data["injects"][0].update(chance=0.000001),
    "InjectSpec.set": lambda data: data["injects"][0].update(set={"pot": "5"})}

LEGAL = "what is legal is checked where values enter: tests/templates/test_language.py"
WHOLE = "whole sections, seen field by field"

ELSEWHERE: Mapping[str, str] = {
    **{f"{model}.{field}": "for people, lists and identity" for model in ("AgentTemplate", "ScenarioTemplate")
       for field in ("kind", "format", "name", "version", "title", "description", "tags")},
    **{f"{model}.allow": "acknowledges warnings: tests/templates/test_allow.py" for model in MODELS},
    **{f"Failure.{field}": "tests/engines/test_caller.py" for field in agent.Failure.model_fields},
    **{f"Retrieval.{field}": "tests/engines/test_recall.py" for field in agent.Retrieval.model_fields},
    **dict.fromkeys(("AgentBody.failure", "Role.failure", "ScenarioTemplate.failure"),
                    "needs a failing model: tests/engines/test_caller.py"),
    "ActionSpec.intent": "for small models: tests/engines/test_voice.py",
    **dict.fromkeys(("End.seconds", "End.tokens", "End.cost_usd"), "a limit of time or money: tests/engines"),
    **{f"Parameter.{field}": LEGAL for field in ("type", "minimum", "maximum", "choices", "description")},
    **dict.fromkeys((f"Variable.{field}" for field in ("choices", "item", "max_items")), LEGAL),
    **{f"ScenarioTemplate.{field}": WHOLE for field in (
        "parameters", "variables", "groups", "roles", "flow", "actions", "rules", "injects", "ends", "analysis")},
    **dict.fromkeys(("Flow.phases", "Majority.action", "Majority.field", "Majority.value", "Memory.retrieval"), WHOLE),
    "Phase.title": "shown in transcripts: tests/exports", "Phase.max_visits": "tests/engines/test_flow.py",
    "Role.required": "an option of a run: tests/engines/test_flow.py",
    "Role.played_by": "needs a program: tests/engines", "Role.approve": "needs a person: tests/engines"}


async def seen(change: Change) -> Any:
    """All that can be seen of a play."""
    data = copy.deepcopy(BASE)
    change(data)
    play = Playing(ScenarioTemplate.model_validate(data))
    result = await play.play()
    requests = {role: [(request.messages, request.temperature, request.top_p, request.max_tokens, request.schema)
                       for request in model.requests] for role, model in play.models.items()}
    events = [event.model_dump(mode="json") for event in play.events]
    aliases = {role: member.model for role, member in play.plan.cast.items()}
    return result.status, result.outcome, requests, events, successors(play.plan), aliases


def fields() -> list[str]:
    """Every field where it is declared first."""
    found = []
    for name, model in MODELS.items():
        parents = {field for parent in model.__mro__[1:] if parent.__name__ in MODELS
                   for field in getattr(parent, "model_fields", ())}
        found += [f"{name}.{field}" for field in model.model_fields
                  if field not in parents or f"{name}.{field}" in {**CHANGES, **ELSEWHERE}]
    return found


def test_every_field_is_looked_at() -> None:
    inherited = {"Domain"}     # what variables and parameters share, looked at there
    missing = [name for name in fields() if name not in CHANGES and name not in ELSEWHERE
               and name.split(".")[0] not in inherited]
    assert not missing, "show what it changes, or say why not"
    known = {f"{name}.{field}" for name, model in MODELS.items() for field in model.model_fields}
    assert not CHANGES.keys() - known


@pytest.fixture(scope="module")
def before() -> list[Any]:
    return []


@pytest.mark.parametrize("field", sorted(CHANGES))
async def test_a_field_changes_what_is_seen(field: str, before: list[Any]) -> None:
    if not before:
        before.append(await seen(lambda data: None))
        assert await seen(lambda data: None) == before[0], "what is seen is the same for the same play"
    assert await seen(CHANGES[field]) != before[0]
