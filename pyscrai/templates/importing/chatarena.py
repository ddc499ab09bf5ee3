"""Arenas of ChatArena: players with role descriptions, a global prompt, and an environment that orders their turns."""

from __future__ import annotations

from typing import Any

from pyscrai.templates.importing.foreign_fields import Source
from pyscrai.templates.importing.team import MOST, TURNS, AnyTemplate, Named, Team, settings_of
from pyscrai.templates.models.analysis import End

MODERATOR = "Moderator"


def is_chatarena(data: dict[str, Any]) -> bool:
    """Whether data is an arena."""
    environment = data.get("environment")
    return isinstance(data.get("players"), list) and isinstance(environment, dict) and "env_type" in environment


def from_chatarena(data: dict[str, Any], notes: list[str], named: Named) -> list[AnyTemplate]:
    """An Actor for each player, a Narrator for the moderator, and their scenario."""
    source = Source(data, "", notes)
    title, premise = source.text("name", limit=200) or "An arena", source.text("global_prompt")
    environment = source.open("environment")
    team = Team(source, named, "chatarena")
    for player in source.groups("players", MOST):
        if player.data:
            _player(team, player, premise)
    kind = environment.text("env_type", limit=100)
    parallel = environment.take("parallel") is True
    environment.ignore("player_names")
    turns = environment.whole("max_turns", "max_steps", low=1, high=10_000)
    moderated = kind == "moderated_conversation" and "moderator" in environment
    if kind not in ("conversation", "moderated_conversation"):
        environment.note(f"the rules of `{kind}` are code and are left out: the players talk in turn; write the rules "
                         "as variables, actions and rules", "env_type")
    if not team.roles:
        source.note("it has no players; one is added", "players")
        team.add("Player", team.agent("Player"))
    more: dict[str, Any] = {}
    speakers, ends = list(team.speakers), []
    if moderated:
        period = environment.text("moderator_period", limit=20)
        environment.leave("moderator_visibility", "what the moderator says is heard by all")
        moderator, end = _moderator(team, environment.open("moderator"))
        ends = [end] if end else []
        if parallel:
            more["resolver"] = moderator
        elif period == "turn":
            speakers = [name for speaker in speakers for name in (speaker, moderator)]
        else:
            speakers.append(moderator)
    environment.rest()
    source.rest()
    rounds = (turns or TURNS) * len(speakers) if parallel else turns
    return team.scenario(title=title, premise=premise, turns=rounds, order="simultaneous" if parallel else "sequence",
                         speakers=speakers, ends=ends, **more) if parallel or moderated else team.scenario(
        title=title, premise=premise, turns=turns, speakers=speakers, ends=ends)


def _player(team: Team, player: Source, premise: str) -> None:
    name = player.text("name", limit=100) or f"Player {len(team.roles) + 1}"
    backend = player.open("backend")
    kind = backend.text("backend_type", limit=100)
    settings = settings_of(backend)
    text = player.text("role_desc")
    own = player.text("global_prompt")
    player.rest()
    human = kind == "human"
    if human:
        player.note("a person plays it: take the role over, or set `human: always`", "backend")
    agent = team.agent(name, text=text if own in ("", premise) else f"{own}\n\n{text}", settings=settings)
    team.add(name, agent, human="allowed" if human else "no")


def _moderator(team: Team, moderator: Source) -> tuple[str, End | None]:
    """The moderator's role, and the end that it declares."""
    settings = settings_of(_backend(moderator))
    asked = moderator.text("terminal_condition", limit=1_000)
    text = moderator.text("role_desc")
    moderator.ignore("name", "global_prompt")
    moderator.rest()
    if asked:
        moderator.note("the moderator declares the end when this holds; it stands in its description",
                       "terminal_condition")
    agent = team.agent(MODERATOR, role="the moderator", engine="narrator", settings=settings,
                       text=f"{text}\n\nThe end: {asked}" if asked else text)
    return team.add(MODERATOR, agent, speaks=False), End(narrator=True) if asked else None


def _backend(group: Source) -> Source:
    backend = group.open("backend")
    backend.ignore("backend_type")
    return backend
