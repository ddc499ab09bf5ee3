"""The shipped scenarios on a stage in memory, with a script for every role."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.llm.scripted.model import Scripted, default_text
from pyscrai.templates.library import files, shipped_agent, shipped_scenario
from pyscrai.templates.models.scenario import ScenarioTemplate
from tests.engines.playing import Playing, played

SHIPPED = sorted(path.stem for path in files() if path.parent.name == "scenarios")


def gallery(name: str) -> ScenarioTemplate:
    """A shipped scenario with its agents written in, as the test stage takes it."""
    template = shipped_scenario(name)
    roles = {key: role.model_copy(update={"agent": shipped_agent(role.agent)}) if isinstance(role.agent, str) else role
             for key, role in template.roles.items()}
    return template.model_copy(update={"roles": roles})


async def shown(name: str, script: Callable[[str, ModelRequest], Scripted | None] | None = None, **how: Any) -> Playing:
    """A shipped scenario, played to its end; Analysts write their reports themselves."""
    template = gallery(name)
    observers = {role for role, spec in template.roles.items() if spec.agent.engine == "analyst"}  # type: ignore[union-attr]

    def with_reports(role: str, request: ModelRequest) -> Scripted | None:
        return None if script is None or (role in observers and request.schema is None) else script(role, request)

    return await played(template, with_reports, **how)


def said(request: ModelRequest, text: str, **fields: Any) -> Scripted | None:
    """A reply that says ``text``, with these fields where they are asked for; None where no speech is asked for."""
    if request.schema is None:
        return text
    if "text" not in request.schema["properties"]:
        return None
    value = json.loads(default_text(request))
    harmless = {"changes": [], "scene_over": False}
    wanted = {key: given for key, given in {**harmless, **fields}.items() if key in request.schema["properties"]}
    return {**value, "text": text, **wanted}


def asked_action(request: ModelRequest, action: str) -> bool:
    """Whether this request asks for the move."""
    properties: Mapping[str, Any] = (request.schema or {}).get("properties", {})
    return action in properties.get("actions", {}).get("properties", {})


def last_asked(request: ModelRequest) -> str:
    """The end of what was put to the model."""
    return request.messages[-1].content
