"""From an agent template and a role to an agent instance, and from an instance to the engine that plays it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyscrai.engines.agents.analyst import Analyst
from pyscrai.engines.agents.engine import Engine
from pyscrai.engines.agents.narrator import Narrator
from pyscrai.engines.agents.program import load_program
from pyscrai.engines.agents.speaker import Actor
from pyscrai.engines.cast import AgentInstance
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.ports.model import ChatModel
from pyscrai.engines.tools.consultation import load_tools
from pyscrai.engines.tools.mcp import ToolServers
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, Failure, ModelSettings, Personality
from pyscrai.templates.models.scenario import Role, display_name

ENGINES: Mapping[str, type[Engine]] = {"actor": Actor, "narrator": Narrator, "analyst": Analyst}
"""Engine type to the class that plays it."""


def create_agent_instance(role_id: str, role: Role, agent: AgentBody, *, model: str, failure: Failure,
                          override: str | None = None) -> AgentInstance:
    """Bind an agent to a role; what the role says goes over what the template says.

    Args:
        model: the alias for an agent that names none.
        failure: the scenario's policy, for an agent and role that have none.
        override: the alias that this run's operator chose for the role, over all others.
    """
    return AgentInstance(
        role=role_id, name=display_name(role_id, role.name), engine=agent.engine,
        agent=f"{agent.name}@{agent.version}" if isinstance(agent, AgentTemplate) else role_id,
        agent_hash=agent.hash if isinstance(agent, AgentTemplate) else "",
        personality=_in_this_play(agent.personality, role), model=override or role.model or agent.model or model,
        settings=_over(agent.settings, role.settings), prompts={**agent.prompts, **role.prompts},
        memory=role.memory or agent.memory, failure=role.failure or agent.failure or failure,
        tools=agent.tools if role.tools is None else role.tools,
        secret=_secret(role, agent), hears=role.hears, human=role.human,
        played_by=role.played_by, approve=role.approve)


def create_agent_engine(instance: AgentInstance, plan: Plan, model: ChatModel, fallback: ChatModel | None = None, *,
                        tools_allowed: Iterable[str] = (), servers: ToolServers | None = None) -> Engine:
    """The engine that plays an instance, with its whole configuration.

    Args:
        model: the model behind the instance's alias.
        fallback: the model behind its failure policy's fallback alias.
        tools_allowed: import paths of the LangChain tools that the operator allows.
        servers: the MCP servers that the operator has declared.

    Raises:
        ConfigError: one of its tools is unknown, not allowed or cannot be imported.
    """
    tools = load_tools(instance.tools, tools_allowed, instance.described_tools, servers)
    engine = ENGINES[instance.engine](instance, plan, model, fallback, tools)
    engine.program = load_program(instance.played_by, tools_allowed)
    return engine


def _in_this_play(personality: Personality, role: Role) -> Personality:
    """The persona with what the role adds to it."""
    if not role.goals and not role.brief:
        return personality
    backstory = "\n\n".join(text for text in (personality.backstory, role.brief) if text)
    return personality.model_copy(update={"backstory": backstory, "goals": (*personality.goals, *role.goals)})


def _secret(role: Role, agent: AgentBody) -> str:
    """The knowledge of this role alone: its secret, or its agent's, and what else it knows."""
    own = role.secret or agent.secret
    return "\n".join(text for text in (own, *(role.knows if agent.engine != "analyst" else ())) if text)


def _over(settings: ModelSettings, override: ModelSettings | None) -> ModelSettings:
    return settings if override is None else settings.model_copy(update=override.model_dump(exclude_unset=True))
