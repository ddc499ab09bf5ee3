"""Templates from other formats validate, and what could not be carried over is named."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.errors import NotFound, TemplateError
from pyscrai.templates.checks.checker import check, check_agent, errors
from pyscrai.templates.importing.foreign_fields import clean, slug, unbraced
from pyscrai.templates.importing.importer import Imported, import_bytes, import_file, import_files
from pyscrai.templates.importing.png_text import SIGNATURE
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import load_text
from pyscrai.templates.yaml_writer import dump_yaml
from tests.templates.foreign import AGENT, CARD, PERSON, PHASES, SCENARIO


def imported(data: Any) -> Imported:
    return import_bytes(json.dumps(data).encode())


def agent(data: Any) -> AgentTemplate:
    template, = imported(data).templates
    assert isinstance(template, AgentTemplate)
    return template


def scenario(data: Any) -> ScenarioTemplate:
    template, = imported(data).templates
    assert isinstance(template, ScenarioTemplate)
    return template


def picture(*chunks: tuple[bytes, bytes]) -> bytes:
    return SIGNATURE + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in ((b"IHDR", bytes(13)), *chunks, (b"IEND", b"")))


def encoded(data: Any) -> bytes:
    return base64.b64encode(json.dumps(data).encode())


def archive(content: bytes, name: str = "card.json") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("assets/icon.png", b"picture")
        packed.writestr(name, content)
    return stream.getvalue()


def test_tinytroupe() -> None:
    found = agent(PERSON)
    assert (found.name, found.title, found.engine) == ("oyku-demir", "Öykü Demir", "actor")
    assert found.personality.role == "Botanist at City Gardens (41 years old, Female, Turkish, lives in Izmir)"
    assert found.personality.goals == ("To save the old olive grove.",)
    assert found.personality.traits == ("You are patient.", "openness: High.", "Collects seeds.")
    assert found.personality.style == "Quiet and exact."
    for part in ("You care for", "Education: A degree", "Likes: Rain.", "Relationships: Deniz: a brother at sea",
                 "Grew up on Chios.", "Routine, morning: Rises at five. Walks.", "Beliefs: Trees outlive mayors."):
        assert part in found.personality.backstory
    assert "Favourite number: 7." in found.personality.backstory
    assert imported(PERSON).notes == ()


def test_all_of_a_tinytroupe_person_is_told_in_sentences() -> None:
    persona = PERSON["persona"]
    more = {**persona, "skills": ["Grafting", "pruning trees", "Knots!"], "preferences": {
        **persona["preferences"], "music": ["fado", "choirs"], "food": {"breakfast": "olives", "hates": ["okra"]}},
        "occupation": {**persona["occupation"], "commute": "by ferry", "years": 12},
        "personality": {**persona["personality"], "temperament": "even", "quirks": ["hums", "counts steps"]}}
    found = agent({**PERSON, "persona": more})
    for part in ("Skills: Grafting. pruning trees. Knots!", "Preferences, music: fado. choirs.",
                 "Preferences, food: Breakfast: olives. Hates: okra.", "Occupation, commute: by ferry.",
                 "Occupation, years: 12.", "Temperament: even.", "Quirks: hums. counts steps."):
        assert part in found.personality.backstory, found.personality.backstory
    assert imported({**PERSON, "persona": more}).notes == ()


def test_a_saved_tinytroupe_agent() -> None:
    saved = {"json_serializable_class_name": "TinyPerson", "name": "Al", "_persona": {"name": "Al",
                                                                                      "occupation": "Cook"},
             "episodic_memory": {"memory": [1]}}
    assert agent(saved).personality.role == "Cook"
    assert imported(saved).notes == (
        "episodic_memory: a saved state has no place in a template; a run begins afresh",)


def test_no_two_templates_get_one_name(tmp_path: Path) -> None:
    paths = []
    for index, name in enumerate(("雪乃", "雪乃", "Анна Каренина", "🙂‍", "42", "Zoë", "zoe")):
        paths.append(tmp_path / f"card {index}.json")
        paths[-1].write_text(json.dumps({"name": name, "description": "x", "first_mes": "y"}), encoding="utf-8")
    found = import_files(paths)
    names = [template.name for template in found.templates]
    assert len(set(names)) == len(names)
    assert names[:3] == ["xuenai", "xuenai-2", "anna-karenina"]
    assert names[4:] == ["card-4", "zoe", "zoe-2"]
    assert [template.title for template in found.templates][:2] == ["雪乃", "雪乃"]
    assert any("another agent is called zoe: this one is called zoe-2" in note for note in found.notes)


def test_roles_of_one_character_keep_names_of_their_own() -> None:
    roles = {key: {**SCENARIO["agent_roles"]["First Speaker"]} for key in ("one", "two")}
    found = scenario({**SCENARIO, "agent_roles": roles})
    assert [role.name for role in found.roles.values()] == ["Mia", ""]
    assert errors(check(found, {})) == []


@pytest.mark.parametrize(("content", "message"), [
    (picture(), "no character card in this picture"),
    (picture((b"tEXt", b"chara\0!!!")), "the card in this picture is broken"),
    (picture((b"tEXt", b"chara\0" + encoded(CARD)))[:-30], "cut off"),
    (picture((b"tEXt", b"chara\0" + encoded(CARD))).replace(b"chara\0e", b"chara\0f"), "damaged"),
    (picture((b"zTXt", b"chara\0\0" + zlib.compress(bytes(5_000_000)))), "larger than 4 MB"),
    (archive(b"{}", "other.json"), "no card.json in this archive"), (archive(b"{"), "card in this archive is broken"),
    (archive(bytes(5_000_000)), "larger than 4 MB"), (archive(b"{}")[:-30], "cut off"),
    (b" " * 4_000_001, "larger than 4 MB"),
    (picture((b"zTXt", b"chara\0\0junk")), "cannot be unpacked"),
    (b"\xff\xfe junk", "neither a PNG picture nor a text"),
    (b"{", "this is no JSON"), (b"[" * 100_000, "cannot be read as JSON"), (b"3", "none of the formats"),
    (b'{"kind": "agent"}', "none of the formats"),
    (b'{"name": "x", "personality_config": {"role": "' + b"y" * 400 + b'"}}', ""),
])
def test_broken_files_are_named(content: bytes, message: str) -> None:
    if not message:
        assert import_bytes(content).notes[1] == "personality_config.role: is cut to 300 of its 400 characters"
        return
    with pytest.raises(TemplateError, match=message) as caught:
        import_bytes(content, file="x.png")
    assert caught.value.problems[0].file == "x.png"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        import_file(tmp_path / "no.json")


def test_original_agent() -> None:
    found = agent(AGENT)
    assert (found.name, found.engine, found.personality.role) == ("scenario-observer", "analyst", "scenario observer")
    assert found.personality.traits == ("objective", "patience: high")
    assert found.personality.constraints == ("Never interfere", "You watch.")
    assert (found.settings.temperature, found.settings.top_p, found.settings.max_tokens) == (0.3, None, 400)
    assert found.memory.window == 25
    notes = "\n".join(imported(AGENT).notes)
    for part in ("llm_config.model_id: openrouter: some/model", "llm_config.top_p: 7 is not between",
                 "tools_config.search:",
                 "runtime_overrides:", "engine_specific_config.analyst.deep:"):
        assert part in notes
    assert "files" not in notes


def test_an_original_agent_without_an_engine() -> None:
    found = imported({"name": "The Narrator", "personality_config": {"name": "N",
                                                                     "instructions": "You tell.\n- slowly"},
                      "model_config": {"id": "m", "temperature": 0.9}, "tools_config": {"reasoning": True}})
    template, = found.templates
    assert isinstance(template, AgentTemplate)
    assert (template.engine, template.settings.temperature) == ("narrator", 0.9)
    assert template.personality.backstory == "You tell.\n- slowly"
    assert "engine_type: no engine is named; taken for narrator" in found.notes


def test_original_scenario() -> None:
    found = scenario(SCENARIO)
    assert errors(check(found, {})) == []
    assert list(found.roles) == ["first_speaker", "second", "narrator", "end_role"]
    assert found.roles["first_speaker"].name == "Mia"
    assert not found.roles["second"].required
    assert list(found.flow.phases) == ["opening", "conversation"]
    talk = found.flow.phases["conversation"]
    assert talk.speakers == ("first_speaker", "second")
    assert talk.next[0].after_turns == 12
    assert talk.observe is not None
    assert (talk.observe.by, talk.observe.every) == ("end_role", 3)
    assert found.failure.retries == 5
    assert [end.kind for end in found.ends] == ["seconds", "narrator"]  # type: ignore[union-attr]
    assert found.premise == "A talk about { {anything}}."
    notes = "\n".join(imported(SCENARIO).notes)
    for part in ("event_flow: 2 events (begin, look)", "config.error_handling:", "runtime_customization:",
                 "agent_roles.First Speaker.template_name: the agent template 'Plain Speaker'",
                 "role_config.priority:"):
        assert part in notes
    assert "timeout_seconds" not in notes


def test_original_scenario_with_phases() -> None:
    found = scenario(PHASES)
    assert errors(check(found, {})) == []
    assert [(name, phase.next[0].to) for name, phase in found.flow.phases.items()] == [
        ("first_light", "end_3"), ("doubt", "end"), ("end_3", "doubt")]
    assert found.flow.phases["first_light"].text == "The candle goes out."
    assert found.flow.phases["first_light"].speakers == ("narrator", "monk")
    assert "location: a cell" in found.premise


def test_files_that_belong_together(tmp_path: Path) -> None:
    (tmp_path / "scenario.json").write_text(json.dumps(SCENARIO))
    (tmp_path / "agent.json").write_text(json.dumps(AGENT))
    found = import_files([tmp_path / "scenario.json", tmp_path / "agent.json"])
    template = found.templates[0]
    assert isinstance(template, ScenarioTemplate)
    assert template.roles["end_role"].agent == "scenario-observer"
    assert any(note.startswith(f"{tmp_path / 'agent.json'}: ") for note in found.notes)


@pytest.mark.parametrize("data", [PERSON, CARD, AGENT, SCENARIO, PHASES], ids=["person", "card", "agent", "talk",
                                                                               "phases"])
def test_what_is_imported_loads_again(data: dict[str, Any]) -> None:
    template, = imported(data).templates
    assert load_text(dump_yaml(template))[0].template == template
    if isinstance(template, AgentTemplate):
        assert check_agent(template) == []


def test_phases_may_be_none_or_share_a_name() -> None:
    empty, = imported({**PHASES, "event_flow": {"phases": []}}).templates
    assert isinstance(empty, ScenarioTemplate)
    assert "conversation" in empty.flow.phases
    twins = [{"name": "talk", "description": "One."}, {"name": "talk", "description": "Two."}, {"name": "rest"}]
    both, = imported({**PHASES, "event_flow": {"phases": twins}}).templates
    assert isinstance(both, ScenarioTemplate)
    assert [phase.task for phase in both.flow.phases.values()] == ["One.", "Two.", ""]
    assert [phase.next[0].to for phase in both.flow.phases.values()] == ["talk_2", "rest", "end"]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                    max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PERSON, CARD, AGENT, SCENARIO, PHASES]), st.data())
def test_nothing_foreign_makes_a_traceback(data: dict[str, Any], draws: st.DataObject) -> None:
    changed = json.loads(json.dumps(data))
    owner = changed
    while True:
        step = draws.draw(st.sampled_from(list(owner)))
        if not isinstance(owner[step], dict) or not owner[step] or draws.draw(st.booleans()):
            owner[step] = draws.draw(JSON)
            break
        owner = owner[step]
    try:
        found = imported(changed)
    except TemplateError:
        return
    for template in found.templates:
        assert load_text(dump_yaml(template))[0].template == template


def test_names_and_texts() -> None:
    assert slug("  Dr. Ünal, the 3rd! ") == "dr-unal-the-3rd"
    assert slug("42") == "unnamed"
    assert slug("日本") == "riben"
    assert clean("a\r\nb\x00\tc  \n") == "a\nb    c"
    assert unbraced("{{ x }} {% y %}") == "{ { x }} { % y %}"
