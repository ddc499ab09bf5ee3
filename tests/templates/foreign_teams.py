"""Teams as other programs write them, made up for the tests."""

from __future__ import annotations

from typing import Any


def component(provider: str, kind: str, label: str = "", **config: Any) -> dict[str, Any]:
    return {"provider": provider, "component_type": kind, "version": 1, "component_version": 1, "label": label,
            "description": "", "config": config}


CLIENT = component("autogen_ext.models.openai.OpenAIChatCompletionClient", "model", model="gpt-4o", temperature=0.4)


def assistant(name: str, system: str, **config: Any) -> dict[str, Any]:
    return component("autogen_agentchat.agents.AssistantAgent", "agent", "AssistantAgent", **{
        "name": name, "model_client": CLIENT, "tools": [], "handoffs": [], "description": f"{name} of the shop",
        "model_context": component("autogen_core.model_context.UnboundedChatCompletionContext", "context"),
        "system_message": system, "model_client_stream": False, "reflect_on_tool_use": False,
        "tool_call_summary_format": "{result}", "metadata": {}, **config})


def condition(provider: str, **config: Any) -> dict[str, Any]:
    return component(f"autogen_agentchat.conditions.{provider}", "termination", provider, **config)


LIMITS = component("autogen_agentchat.base.OrTerminationCondition", "termination", "Or", conditions=[
    condition("TextMentionTermination", text="TERMINATE"), condition("MaxMessageTermination", max_messages=7,
                                                                     include_agent_event=False)])

AUTOGEN: dict[str, Any] = component(
    "autogen_agentchat.teams.RoundRobinGroupChat", "team", "A repair shop", termination_condition=LIMITS,
    emit_team_events=False, participants=[
        assistant("clock_maker", "You mend clocks.", tools=[component("x.FunctionTool", "tool", source_code="1")]),
        assistant("customer", "You want it cheap. Say TERMINATE when you agree."),
        component("autogen_agentchat.agents.UserProxyAgent", "agent", name="owner", description="a human owner",
                  input_func=None)])

SELECTOR: dict[str, Any] = component(
    "autogen_agentchat.teams.SelectorGroupChat", "team", "A desk", model_client=CLIENT, max_turns=6,
    selector_prompt="Choose from {participants}.", allow_repeated_speaker=True, max_selector_attempts=3,
    participants=[assistant("planner", "You plan."), component(
        "autogen_agentchat.teams.RoundRobinGroupChat", "team", participants=[
            assistant("writer", "You write."), assistant("reader", "You read.")])],
    termination_condition=component("autogen_agentchat.base.AndTerminationCondition", "termination", conditions=[
        condition("TimeoutTermination", timeout_seconds=60), condition("TokenUsageTermination", max_total_token=900),
        condition("HandoffTermination", target="user")]))

CHATARENA: dict[str, Any] = {
    "name": "Ferry", "global_prompt": "A ferry at night. The engine is out.",
    "environment": {"env_type": "conversation", "parallel": False}, "players": [
        {"name": "Captain", "role_desc": "You are the captain.\n\nYou hide that fuel is low.",
         "global_prompt": "A ferry at night. The engine is out.",
         "backend": {"backend_type": "openai-chat", "temperature": 0.7, "max_tokens": 120, "model": "gpt-x"}},
        {"name": "Passenger", "role_desc": "You are a passenger.", "backend": {"backend_type": "human"}}]}

MODERATED: dict[str, Any] = {
    **CHATARENA, "name": "Two cells", "environment": {
        "env_type": "moderated_conversation", "parallel": True, "moderator_visibility": "all",
        "moderator_period": "round",
        "moderator": {"role_desc": "You count the choices.", "terminal_condition": "Has everybody chosen?",
                      "backend": {"backend_type": "openai-chat", "temperature": 0, "max_tokens": 100}}}}

AGENTVERSE = """
prompts:
  prompt: &prompt |-
    Three people wait in a lift that stands still.

    Below is your role. ${role_description}

    When speaking, please output a response with two fields Action and Action Input:
    Action: Speak

    Here is the history: ${chat_history}

name: stuck_lift

environment:
  env_type: basic
  max_turns: 9
  rule:
    order:
      type: concurrent
    visibility:
      type: classroom
    selector:
      type: basic
    updater:
      type: basic
    describer:
      type: basic

agents:
  - agent_type: conversation
    name: Nurse
    mood: "You are calm."
    role_description: |-
      You are a nurse on the way home.
      ${mood}
    memory: {memory_type: chat_history}
    prompt_template: *prompt
    llm: {llm_type: gpt-4, model: gpt-4, temperature: 0.7, max_tokens: 250}
  - agent_type: conversation
    name: Clerk
    role_description: You are late for a meeting.
    memory: {memory_type: chat_history}
    prompt_template: *prompt
    llm: {llm_type: gpt-4, model: gpt-4, temperature: 0.7, max_tokens: 100}

tools:
"""

CONCORDIA: dict[str, Any] = {
    "name": "Harbour tavern", "default_premise": "A storm keeps everybody in the tavern.", "default_max_steps": 5,
    "prefabs": {"basic__Entity": "concordia.prefabs.entity.basic.Entity"}, "instances": [
        {"prefab": "basic__Entity", "role": "entity", "params": {"name": "Ebba", "goal": "sell her boat"}},
        {"prefab": "rational__Entity", "role": "entity", "params": {"name": "Olof", "goal": "stay sober",
                                                                    "randomize_choices": True}},
        {"prefab": "generic__GameMaster", "role": "game_master", "params": {
            "name": "the storm", "acting_order": "game_master_choice", "can_terminate_simulation": True}},
        {"prefab": "formative_memories_initializer__GameMaster", "role": "initializer", "params": {
            "name": "initial setup", "next_game_master_name": "the storm",
            "shared_memories": ["The bridge is out"], "player_specific_context": {"Ebba": "Ebba owes Olof money."},
            "player_specific_memories": {"Olof": ["He saw the leak."]}}}]}

GROUP: dict[str, Any] = {
    "id": "1700000000001", "name": "Night shift", "members": ["Zoe.png", "Rook.png", "Ash.png"],
    "avatar_url": "img/five.png", "allow_self_responses": False, "activation_strategy": 1, "generation_mode": 0,
    "disabled_members": ["Ash.png"], "chat_metadata": {}, "fav": False, "chat_id": "x", "chats": ["x"],
    "auto_mode_delay": 5}

WORLD: dict[str, Any] = {"name": "Deep station", "entries": {
    str(number): {"uid": number, "key": keys, "keysecondary": [], "comment": comment, "content": content,
                  "constant": constant, "selective": True, "order": 100, "position": 0, "disable": disabled,
                  "probability": 100, "depth": 4, "useProbability": True}
    for number, (keys, comment, content, constant, disabled) in enumerate([
        (["airlock", "hatch"], "airlock", "{{char}} knows: the hatch opens\nfrom outside only.", False, False),
        (["core"], "", "The core hums at night.", False, False),
        ([], "always", "There is no sound in space.", True, False),
        (["ghost"], "ghost", "A rumour.", False, True)])}}
