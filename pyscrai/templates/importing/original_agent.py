"""The original PyScrAI's JSON templates: agents with ``personality_config``, scenarios with ``agent_roles``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pyscrai.templates.importing.foreign_fields import Source, slug, words
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, EngineType, Memory, ModelSettings, Personality

ENGINES: tuple[EngineType, ...] = ("actor", "narrator", "analyst")


def is_agent(data: dict[str, Any]) -> bool:
    """Whether data is an original agent template."""
    return "personality_config" in data or ("engine_type" in data and "agent_roles" not in data)


def agent_from_original(data: dict[str, Any], notes: list[str]) -> AgentTemplate:
    """An agent with the engine, personality and model settings of an original template."""
    source = Source(data, "", notes)
    name, description = source.text("name", limit=200), source.text("description")
    engine = engine_of(source, f"{name} {description}")
    persona = source.open("personality_config")
    personality = _personality(persona, name, description)
    settings = _settings(source)
    memory = _memory(source, engine)
    for field in ("runtime_overrides", "runtime_customization"):
        source.leave(field, "every role can override its agent here; nothing needs to be allowed")
    source.ignore("id", "created_at", "updated_at")
    source.rest()
    return AgentTemplate(name=slug(name), title=name, description=description, engine=engine, tags=("imported",),
                         personality=personality, settings=settings, memory=memory)


def engine_of(source: Source, hint: str) -> EngineType:
    """The engine that is named, or the one that the words suggest."""
    given = source.text("engine_type", limit=50).lower()
    for engine in ENGINES:
        if given == engine:
            return engine
    likely: EngineType = "actor"
    if re.search(r"narrat|storytell", hint, re.IGNORECASE):
        likely = "narrator"
    elif re.search(r"analy[sz]|observ", hint, re.IGNORECASE):
        likely = "analyst"
    source.note(f"{given!r} is no engine; taken for {likely}" if given else f"no engine is named; taken for {likely}",
                "engine_type")
    return likely


def role_agent(source: Source, template_name: str, engine: EngineType, known: Collection[str], what: str
               ) -> str | AgentBody:
    """The agent of a role: a known template, else a persona made of what the role itself says."""
    name = slug(template_name)
    if template_name and name in known:
        return name
    if template_name:
        source.note(f"the agent template {template_name!r} is not among the imported ones; the role has a persona of "
                    f"its own for now. Import it too, then write `agent: {name}`", "template_name")
    return AgentBody(engine=engine, personality=Personality(role=what or words(template_name) or engine))


def _personality(persona: Source, name: str, description: str) -> Personality:
    persona.ignore("name")
    own = persona.text("description")
    role = words(persona.text("role",
                              limit=300)) or own.split("\n")[0][:300] or description.split("\n")[0][:300] or name
    instructions = persona.take("instructions")
    backstory = [persona.text("backstory"), own if own and own != role else ""]
    constraints = persona.texts("constraints")
    if isinstance(instructions, list):
        constraints += Source({"instructions": instructions}, persona.place, persona.notes).texts("instructions")
    elif instructions:
        backstory.append(Source({"instructions": instructions}, persona.place, persona.notes).text("instructions"))
    persona.leave("agent_kwargs", "settings of the old framework are left out")
    found = Personality(
        role=role or "an agent", backstory="\n\n".join(part for part in backstory if part)[:20_000],
        goals=tuple(persona.texts("goals", "objectives")), traits=tuple(persona.texts("traits", "personality_traits")),
        constraints=tuple(constraints), style=persona.text("style", "communication_style", "speaking_style"),
        examples=tuple(persona.texts("examples", "example_phrases")))
    persona.rest()
    return found


def _settings(source: Source) -> ModelSettings:
    source_name = "llm_config" if "llm_config" in source else "model_config"
    llm = source.open(source_name)
    source.ignore("llm_config", "model_config")
    model = llm.text("model_id", "id", "model", limit=200)
    provider = llm.text("provider", limit=100)
    if model:
        llm.note(f"{provider + ': ' if provider else ''}{model} is left out: templates name an alias, set it up in "
                 "pyscrai.toml and write `model: ALIAS`", "model_id")
    llm.leave("api_key", "a key has no place in a template and is left out")
    settings = ModelSettings(temperature=llm.number("temperature", low=0, high=2),
                             top_p=llm.number("top_p", low=0.000001, high=1),
                             max_tokens=llm.whole("max_tokens", low=1, high=32_000))
    llm.rest()
    return settings


def _memory(source: Source, engine: EngineType) -> Memory:
    tools, window = source.open("tools_config"), None
    for name in tools.data:
        tool = tools.take(name)
        enabled = tool if isinstance(tool, bool) else isinstance(tool, dict) and tool.get("enabled", True)
        if name == "memory" and isinstance(tool, dict):
            window = Source(tool.get("config"), f"{tools.place}.memory.config", source.notes).whole(
                "max_entries", low=1, high=1_000)
        elif enabled:
            tools.note("this tool is not known here and is left out", str(name))
    special = source.open("engine_specific_config")
    own = special.open(engine)
    window = own.whole("context_window", low=1, high=1_000) or window
    for switch in own.data:
        if switch != "context_window":
            own.ignore(switch)
            own.note("has no place in a template and is left out", str(switch))
    special.rest()
    return Memory() if window is None else Memory(window=window, block=min(10, window))
