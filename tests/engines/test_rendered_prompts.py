"""A prompt is rendered again only where something that it reads has changed, and says the same as if it always were."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.prompts import library
from tests.engines.playing import Playing, actor, scenario

ANN = "{{ name }}, turn {{ turn }}, heat {{ variables.heat }}: speak."
BEN = "{{ name }}: speak."
TALK = scenario(
    roles={"ann": actor(prompts={"turn": ANN}), "ben": actor(prompts={"turn": BEN})},
    variables={"heat": {"type": "number", "initial": 1, "visible_to": ["ann"]}},
    injects=[{"at_turn": 3, "text": "It is warm.", "set": {"heat": "vars.heat + 1.5"}}],
    phases={"talk": {"next": [{"to": "end", "after_turns": 6}]}})


async def test_prompts_are_rendered_where_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    render = library.render_text

    def counted(text: str, variables: Any) -> str:
        rendered.append(text)
        return render(text, variables)

    monkeypatch.setattr(library, "render_text", counted)
    playing = Playing(TALK)
    await playing.play()
    notes = [call.request.messages[-1].parts[-1] for call in playing.record.calls.values()]
    assert notes == ["Ann, turn 1, heat 1.0: speak.", "Ben: speak.", "Ann, turn 3, heat 1.0: speak.", "Ben: speak.",
                     "Ann, turn 5, heat 2.5: speak.", "Ben: speak."]
    assert rendered.count(BEN) == 1
    assert rendered.count(ANN) == 3
