"""A prompt is rendered again only where something that it reads has changed, and says the same as if it always were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.view import view
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.prompts import library
from tests.engines.playing import Playing, actor, plan_of, scenario

ANN = "{{ name }}, turn {{ turn }}, heat {{ variables.heat }}: speak."
BEN = "{{ name }}: speak."
TALK = scenario(
    roles={"ann": actor(prompts={"turn": ANN}), "ben": actor(prompts={"turn": BEN})},
    variables={"heat": {"type": "number", "initial": 1, "visible_to": ["ann"]}},
    injects=[{"at_turn": 3, "text": "It is warm.", "set": {"heat": "vars.heat + 1.5"}}],
    phases={"talk": {"next": [{"to": "end", "after_turns": 6}]}})


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were rendered, one after the other."""
    texts: list[str] = []
    render = library.render_text

    def counted(text: str, variables: Any) -> str:
        texts.append(text)
        return render(text, variables)

    monkeypatch.setattr(library, "render_text", counted)
    return texts


async def test_prompts_are_rendered_where_they_change(rendered: list[str]) -> None:
    playing = Playing(TALK)
    await playing.play()
    notes = [call.request.messages[-1].parts[-1] for call in playing.record.calls.values()]
    assert notes == ["Ann, turn 1, heat 1.0: speak.", "Ben: speak.", "Ann, turn 3, heat 1.0: speak.", "Ben: speak.",
                     "Ann, turn 5, heat 2.5: speak.", "Ben: speak."]
    assert rendered.count(BEN) == 1
    assert rendered.count(ANN) == 3


def system_text(plan: Plan, role: str = "ann", **changes: Any) -> str:
    instance = plan.cast[role].model_copy(update=changes) if changes else plan.cast[role]
    engine = create_agent_engine(instance, plan, ScriptedModel(lambda request: "Yes.", alias="m"))
    [system, *_], _ = engine.messages("actor_turn", view(plan, {"phase": "talk"}, role, turn=1))
    return str(system.parts[0])


def test_what_no_turn_adds_to_is_rendered_once_for_all_seeds(rendered: list[str]) -> None:
    plan = plan_of(scenario(roles={
        "ann": actor(prompts={"system": "{{ name }} keeps {{ secret }}.", "turn": "Speak."}),
        "ben": actor(prompts={"system": "{{ name }} with {{ others[0] }}.", "turn": "Speak."})}))
    first = system_text(plan), system_text(plan, "ben")
    assert first == ("Ann keeps .", "Ben with Ann.")
    assert system_text(plan, secret="a key") == "Ann keeps a key.", "of one that is otherwise it is rendered anew"
    assert system_text(replace(plan, cast={**plan.cast, "ann": plan.cast["ann"].model_copy(
        update={"secret": "gold"})})) == "Ann keeps gold."
    rendered.clear()
    other = plan.with_seed(99)
    assert (system_text(other), system_text(other, "ben")) == first
    own = {member.prompts["system"] for member in plan.cast.values()}
    assert not own.intersection(rendered)
    system_text(other, secret="a key")
    assert own.intersection(rendered) == {plan.cast["ann"].prompts["system"]}, "and the count counts"
