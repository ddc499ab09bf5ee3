"""All that a persona holds reaches the prompts of its engine, in every layout."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.templates.models.agent import Personality
from tests.engines.playing import actor, analyst, narrator, played, scenario

PERSONA: dict[str, Any] = {"role": "the-role", "backstory": "The-backstory.", "goals": ["the-goal"],
                           "traits": ["the-trait"], "constraints": ["the-constraint"], "style": "the-style",
                           "examples": ["The-example."]}


@pytest.mark.parametrize("layout", ["instruct", "script"])
@pytest.mark.parametrize("engine", ["actor", "narrator", "analyst"])
async def test_a_whole_persona_is_in_the_prompt(engine: str, layout: str) -> None:
    assert PERSONA.keys() == Personality.model_fields.keys()
    made = {"actor": actor, "narrator": narrator, "analyst": analyst}[engine](personality=PERSONA)
    measures = [{"name": "m", "scale": [1, 3], "rubric": "r"}]
    analysis = {"by": "zoe", "measures": measures} if engine == "analyst" else None
    play = await played(scenario(roles={"ann": actor(), "zoe": made}, analysis=analysis), layout=layout)
    prompts = play.prompts("zoe")
    assert prompts
    for prompt in prompts:
        for field in PERSONA:
            assert f"he-{field.removesuffix('s') if field != 'examples' else 'example'}" in prompt, field
