"""Components of AutoGen as JSON: teams with their participants and termination conditions, and single agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyscrai.templates.importing.foreign_fields import Source
from pyscrai.templates.importing.team import MOST, AnyTemplate, Named, Team, settings_of
from pyscrai.templates.models.analysis import End, Phrase
from pyscrai.templates.models.flow import Order

TEAMS: dict[str, Order] = {"RoundRobinGroupChat": "round_robin", "SelectorGroupChat": "moderated", "Swarm": "free",
                           "MagenticOneGroupChat": "moderated"}
"""Teams of AutoGen, and the order that they are."""

SELECTOR = "Selector"
DEEPEST = 8
"""How deep teams and conditions may be nested."""


def is_autogen(data: dict[str, Any]) -> bool:
    """Whether data is a component, or a gallery of components."""
    return _kind(data) != "" or bool(_gallery(data))


def from_autogen(data: dict[str, Any], notes: list[str], named: Named) -> list[AnyTemplate]:
    """A scenario for each team with its agents; of a single agent, its agent."""
    if gallery := _gallery(data):
        notes.append("a gallery: its teams are imported, other components are left out")
        return [template for team in gallery[:MOST] for template in from_autogen(team, notes, named)]
    component = Source(data, str(data.get("label") or ""), notes)
    if _kind(data) == "agent":
        team = Team(component, named, "autogen")
        _participant(team, component)
        return team.agents
    return _team(component, named)


def _kind(data: Mapping[str, Any]) -> str:
    """``team``, ``agent`` or nothing."""
    provider = str(data.get("provider", "")).rpartition(".")[2]
    if not isinstance(data.get("config"), dict):
        return ""
    if data.get("component_type") == "team" or isinstance(data["config"].get("participants"), list):
        return "team"
    return "agent" if data.get("component_type") == "agent" or provider.endswith("Agent") else ""


def _gallery(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The teams of a gallery, as AutoGen Studio writes it."""
    inside = data.get("config") if isinstance(data.get("config"), dict) else data
    components = inside.get("components") if isinstance(inside, dict) else None
    teams = components.get("teams") if isinstance(components, dict) else None
    return [team for team in teams if isinstance(team, dict) and _kind(team) == "team"] if isinstance(teams, list) \
        else []


def _team(component: Source, named: Named) -> list[AnyTemplate]:
    title, description = component.text("label", limit=200), component.text("description")
    provider = component.text("provider", limit=300).rpartition(".")[2]
    component.ignore("component_type", "version", "component_version", "id", "user_id", "created_at", "updated_at")
    config = component.open("config")
    team = Team(component, named, "autogen")
    for participant in _flat(config, 0):
        _participant(team, participant)
    if not team.roles:
        config.note("it has no participants; one is added", "participants")
        team.add("Assistant", team.agent("Assistant", role="an assistant"))
    order = TEAMS.get(provider, "round_robin")
    if provider not in TEAMS:
        component.note(f"{provider or 'this team'} orders turns by code: the agents speak in turn", "provider")
    phase: dict[str, Any] = {}
    if order == "moderated":
        prompt = config.text("selector_prompt", "task_prompt", "final_answer_prompt")
        selector = team.agent(SELECTOR, role="the one who chooses who speaks next", engine="narrator", text=(
            "Choose whoever can say next what is needed."), settings=settings_of(_config(config.open("model_client"))))
        phase["moderator"] = team.add(SELECTOR, selector, speaks=False)
        if prompt:
            config.note("the prompt of the selector is left out: a moderator has its own", "selector_prompt")
    config.ignore("emit_team_events", "allow_repeated_speaker", "max_selector_attempts", "selector_func", "name",
                  "candidate_func", "model_client_streaming", "max_stalls", "description", "participants",
                  "custom_message_types", "model_context")
    turns = config.whole("max_turns", low=1, high=10_000)
    ends = []
    if "termination_condition" in config:
        bound, end = _condition(config.open("termination_condition"), team, 0)
        turns = min(turn for turn in (turns, bound) if turn) if turns or bound else None
        ends = [end] if end else []
    premise = "\n".join(text for each in config.groups("initial_messages", MOST) if (text := each.text("content")))
    config.rest()
    component.rest()
    if not premise:
        component.note("a team has no premise: it is given its task when it runs; write it as the `premise`")
    return team.scenario(title=title or provider or "A team", description=description, turns=turns, order=order,
                         premise=premise, ends=ends, **phase)


def _flat(config: Source, depth: int) -> Iterator[Source]:
    """The participants; those of a team inside of it instead of that team."""
    for each in config.groups("participants", MOST):
        if _kind(each.data) == "team" and depth < DEEPEST:
            each.note("a team inside a team: its members take part in its place")
            yield from _flat(each.open("config"), depth + 1)
        elif each.data:
            yield each


def _participant(team: Team, component: Source) -> None:
    if len(team.roles) >= MOST:
        component.note(f"more than {MOST} members: this one is left out")
        return
    provider = component.text("provider", limit=300).rpartition(".")[2]
    label = component.text("label", limit=200)
    component.ignore("component_type", "version", "component_version", "description")
    config = component.open("config")
    name = config.text("name", limit=100) or label or f"agent {len(team.roles) + 1}"
    about = config.text("description", limit=500)
    text = config.text("system_message")
    settings = settings_of(_config(config.open("model_client")))
    human = provider == "UserProxyAgent"
    if human:
        component.note("a person plays it: take the role over, or set `human: always`")
    elif provider not in ("AssistantAgent", ""):
        component.note(f"what {provider} does by code is left out: it talks", "provider")
    for field in ("tools", "workbench"):
        config.leave(field, "tools are named by their import path in a role's `tools`")
    config.leave("handoffs", "`order: free` lets a speaker name who is next")
    config.ignore("model_context", "model_client_stream", "reflect_on_tool_use", "tool_call_summary_format", "metadata",
                  "input_func", "memory", "output_content_type", "structured_message_factory", "max_tool_iterations")
    config.rest()
    component.rest()
    agent = team.agent(name.replace("_", " "), role=about if about and about != text else "", text=text,
                       settings=settings)
    team.add(name.replace("_", " "), agent, human="allowed" if human else "no")


def _config(component: Source) -> Source:
    component.ignore("provider", "component_type", "version", "component_version", "description", "label")
    return component.open("config")


def _condition(component: Source, team: Team, depth: int) -> tuple[int | None, End | None]:
    """The end that a condition is: a bound of turns, or one of `ends`."""
    provider = component.text("provider", limit=300).rpartition(".")[2]
    component.ignore("component_type", "version", "component_version", "description", "label")
    config = component.open("config")
    if provider in ("OrTerminationCondition", "AndTerminationCondition") and depth < DEEPEST:
        return _joined(config, team, depth, every=provider.startswith("And"))
    messages = config.whole("max_messages", low=1, high=10_000)
    bound: int | None = None
    end: End | None = None
    if messages is not None:
        bound = max(1, messages - 1)    # the task is the first message
    elif text := config.text("text", limit=500):
        by = tuple(role for role, spec in team.roles.items() if (spec.name or role) in config.texts("sources"))
        end = End(phrase=Phrase(text=text, by=by) if by else text)
    elif seconds := config.number("timeout_seconds", low=0.001, high=1_000_000):
        end = End(seconds=seconds)
    elif tokens := config.whole("max_total_token", low=1, high=1_000_000_000):
        end = End(tokens=tokens)
    else:
        component.note(f"{provider or 'this condition'} is left out: write it as one of `ends`", "provider")
    config.ignore("sources", "include_agent_event", "max_prompt_token", "max_completion_token", "target", "source")
    config.rest()
    return bound, end


def _joined(config: Source, team: Team, depth: int, *, every: bool) -> tuple[int | None, End | None]:
    found = [_condition(each, team, depth + 1) for each in config.groups("conditions", MOST)]
    bounds = [bound for bound, _ in found if bound]
    ends = [end for _, end in found if end]
    if every:
        parts = [*ends, *(End(turns=bound) for bound in bounds)]
        return None, End(all=tuple(parts)) if len(parts) > 1 else parts[0] if parts else None
    return min(bounds, default=None), End(any=tuple(ends)) if len(ends) > 1 else ends[0] if ends else None
