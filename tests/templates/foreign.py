"""Templates as other programs write them, made up for the tests."""

from __future__ import annotations

from typing import Any

PERSON: dict[str, Any] = {"type": "TinyPerson", "persona": {
    "name": "Öykü Demir", "age": 41, "gender": "Female", "nationality": "Turkish", "residence": "Izmir",
    "education": "A degree in botany.", "long_term_goals": ["To save the old olive grove."],
    "occupation": {"title": "Botanist", "organization": "City Gardens",
                   "description": "You care for the city's trees."},
    "style": "Quiet and exact.", "personality": {"traits": ["You are patient."], "big_five": {"openness": "High."}},
    "preferences": {"interests": ["Mosses."], "likes": ["Rain."], "dislikes": ["Leaf blowers."]},
    "skills": ["Grafting."], "beliefs": ["Trees outlive mayors."],
    "behaviors": {"general": ["Collects seeds."], "routines": {"morning": ["Rises at five.", "Walks."]}},
    "health": "Good.",
    "relationships": [{"name": "Deniz", "description": "a brother at sea"}], "other_facts": ["Grew up on Chios."],
    "favourite_number": 7}}

CARD: dict[str, Any] = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {
    "name": "Zoë", "description": "{{char}} is a pilot.\r\nShe owes {{user}} a drink.", "personality": "brave, curt",
    "scenario": "A hangar at night.", "first_mes": "*waves* Hello {{user}}!", "mes_example":
        "<START>\n{{user}}: Who is it?\n{{char}}: Me.\nAnd the engine.\n<START>\n{{char}}: Again.",
    "creator_notes": "A test.", "system_prompt": "{{original}} Never land.", "post_history_instructions": "",
    "alternate_greetings": ["Yo."], "tags": ["Sci-Fi"], "creator": "me", "character_version": "v2.1",
    "extensions": {"depth": 4}, "character_book": {"entries": [
        {"keys": ["war"], "content": "The war ended.", "enabled": True},
        {"keys": [], "content": "The sky is green.", "constant": True}]}, "odd": 1}}

AGENT: dict[str, Any] = {
    "name": "Scenario Observer", "description": "Watches a play.", "engine_type": "analyst",
    "personality_config": {"role": "scenario_observer", "backstory": "An attentive mind.", "goals": ["See patterns"],
                           "traits": {"objective": True, "patience": "high", "loud": False},
                           "instructions": ["You watch."], "constraints": ["Never interfere"]},
    "llm_config": {"provider": "openrouter", "model_id": "some/model", "temperature": 0.3, "top_p": 7,
                   "max_tokens": 400},
    "tools_config": {"memory": {"enabled": True, "config": {"max_entries": 30}}, "search": {"enabled": True},
                     "files": False},
    "runtime_overrides": {"llm_config": {"temperature": "override_allowed"}},
    "engine_specific_config": {"analyst": {"context_window": 25, "deep": True}}}

SCENARIO: dict[str, Any] = {
    "name": "An Open Talk", "description": "A talk about {{anything}}.", "config": {
        "max_turns": 12, "timeout_seconds": 600, "completion_conditions": {"natural_conclusion": True},
        "error_handling": {"retry_attempts": 5, "fallback_responses": True}, "interaction_rules": {"turn_based": True}},
    "agent_roles": {
        "First Speaker": {"template_name": "Plain Speaker", "engine_type": "actor", "required": True,
                          "role_config": {"description": "the host", "character_name": "Mia", "priority": "high"}},
        "second": {"template_name": "Plain Speaker", "engine_type": "actor", "required": False},
        "narrator": {"template_name": "Voice", "engine_type": "narrator", "required": True},
        "end": {"template_name": "Scenario Observer", "engine_type": "analyst", "required": False}},
    "event_flow": {"begin": {"type": "trigger", "conditions": {"trigger": "scenario_start"}},
                   "look": {"type": "state_change", "conditions": {"trigger": "every_n_turns", "n": 3}}},
    "runtime_customization": {"topic": "configurable"}}

PHASES: dict[str, Any] = {
    "name": "A Vision", "description": "A monk sees a light.", "config": {"max_iterations": 9, "duration_minutes": 30,
                                                                        "setting": {"location": "a cell",
                                                                                    "time": "night"}},
    "agent_roles": {"monk": {"template_name": "Monk", "role": "seer", "description": "He sees it."}, "narrator": {
        "template_name": "Narrator", "role": "storyteller"}},
    "event_flow": {"phases": [
        {"name": "first_light", "description": "It begins.", "trigger": "scenario_start", "duration": 5,
         "prompt_template": "The candle goes out."},
        {"name": "doubt", "description": "He doubts."}, {"name": "end", "description": "He decides."}],
        "transitions": {"first_light": "end", "end": "doubt", "doubt": "scenario_complete"}}}
