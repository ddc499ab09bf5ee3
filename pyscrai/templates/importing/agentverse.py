"""Tasks of AgentVerse: agents with role descriptions and prompts, and an environment with rules of order."""

from __future__ import annotations

import re
from typing import Any

from pyscrai.templates.importing.foreign_fields import Source
from pyscrai.templates.importing.team import MOST, TURNS, AnyTemplate, Named, Team, settings_of
from pyscrai.templates.models.flow import Order

ORDERS: dict[str, Order] = {"sequential": "round_robin", "random": "random", "concurrent": "simultaneous"}
"""Orders of AgentVerse that there are here, and what they are called."""

PROMPTS = ("prefix_prompt", "prompt_template", "prepend_prompt_template")
"""Fields of an agent that tell the situation; among rules of form."""

_FORM = re.compile(r"\$\{?\w+\}?|\{\w+\}|\baction\b|\bformat\b|\brespon[ds]|\boutput\b", re.IGNORECASE)
_SLOT = re.compile(r"\$\{(\w+)\}")


def is_agentverse(data: dict[str, Any]) -> bool:
    """Whether data is a task's configuration."""
    environment = data.get("environment")
    return isinstance(data.get("agents"), list) and isinstance(environment, dict) and (
        "env_type" in environment or "rule" in environment)


def from_agentverse(data: dict[str, Any], notes: list[str], named: Named) -> list[AnyTemplate]:
    """An Actor for each agent, and the scenario in which they take turns."""
    source = Source(data, "", notes)
    title = source.text("name", "task", limit=200) or "A task"
    about = source.text("task_description")
    environment = source.open("environment")
    team = Team(source, named, "agentverse")
    premise = ""
    for agent in source.groups("agents", MOST):
        if agent.data:
            told = _agent(team, agent)
            premise = premise or told
    if not team.roles:
        source.note("it has no agents; one is added", "agents")
        team.add("Agent", team.agent("Agent"))
    turns = environment.whole("max_turns", "max_turn", low=1, high=10_000)
    order = _order(environment.open("rule"))
    environment.leave("tools", "tools are named by their import path in a role's `tools`")
    kind = environment.text("env_type", limit=100)
    if kind not in ("", "basic", "base", "simulation", "sim-basic"):
        environment.note(f"what is special to `{kind}` is code and is left out: the agents talk", "env_type")
    environment.rest()
    source.leave("tools", "tools are named by their import path in a role's `tools`")
    source.ignore("prompts", "output_parser")
    source.rest()
    steps = (turns or TURNS) * len(team.speakers) if order == "simultaneous" and turns else turns
    return team.scenario(title=title.replace("_", " "), premise="\n\n".join(part for part in (premise, about) if part),
                         turns=steps, order=order)


def _agent(team: Team, agent: Source) -> str:
    """Add an agent; the situation that its prompt tells."""
    kind = agent.text("agent_type", limit=100)
    name = agent.text("name", limit=100) or kind.replace("_", " ").title() or f"Agent {len(team.roles) + 1}"
    text = agent.text("role_description")

    def filled(match: re.Match[str]) -> str:
        return agent.text(match[1])

    text = _SLOT.sub(filled, text)
    told = [paragraph.strip() for field in PROMPTS for paragraph in re.split(r"\n\s*\n", agent.text(field))
            if paragraph.strip() and not _FORM.search(paragraph)]
    if any(field in agent for field in PROMPTS):
        agent.note("of the prompt what tells the situation is kept, as the premise; its rules of form are left out",
                   next(field for field in PROMPTS if field in agent))
    settings = settings_of(agent.open("llm"))
    agent.ignore("memory", "output_parser", "max_retry", "input_variables", "verbose", "memory_manipulator", "receiver",
                 "format_prompt", "suffix_prompt", "append_prompt_template")
    agent.leave("tools", "tools are named by their import path in a role's `tools`")
    more = agent.told()
    agent.rest()
    team.add(name, team.agent(name, role=kind.replace("_", " ") if kind not in ("conversation", "chat") else "",
                              text="\n".join(part for part in (text, *more) if part), settings=settings))
    return "\n\n".join(told)


def _order(rule: Source) -> Order:
    """The order of turns that a rule names."""
    given = rule.open("order")
    name = given.text("type", limit=100) or "sequential"
    given.rest()
    if name not in ORDERS:
        rule.note(f"there is no order `{name}`: the agents speak in turn; phases, moves and conditions can say more",
                  "order")
    for field, plain in (("visibility", "all"), ("selector", "basic"), ("updater", "basic"), ("describer", "basic")):
        part = rule.open(field)
        kind = part.text("type", limit=100)
        if kind not in ("", plain):
            rule.note(f"`{kind}` is code and is left out", field)
        part.ignore(*part.data)
    rule.rest()
    return ORDERS.get(name, "round_robin")
