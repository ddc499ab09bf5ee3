"""Simulations like Concordia's as JSON: instances of prefabs, entities and game masters, with their parameters."""

from __future__ import annotations

from typing import Any

from pyscrai.templates.importing.foreign_fields import ITEM, Source, sentence, unbraced
from pyscrai.templates.importing.team import MOST, AnyTemplate, Named, Team
from pyscrai.templates.models.analysis import End

ENTITY, MASTER, INITIALIZER = "entity", "game_master", "initializer"


def is_concordia(data: dict[str, Any]) -> bool:
    """Whether data is a simulation's configuration: a list of instances of prefabs."""
    instances = data.get("instances")
    return isinstance(instances, list) and any(isinstance(each, dict) and "prefab" in each for each in instances)


def from_concordia(data: dict[str, Any], notes: list[str], named: Named) -> list[AnyTemplate]:
    """An Actor for each entity, a Narrator for the game master, and their scenario."""
    source = Source(data, "", notes)
    premise, steps = source.text("default_premise", "premise"), source.whole("default_max_steps", "max_steps", low=1,
                                                                             high=10_000)
    title = source.text("name", "title", limit=200) or "A simulation"
    instances = [each for each in source.groups("instances", MOST) if each.data]
    source.leave("prefabs", "prefabs are code: of their instances the parameters are kept")
    source.rest()
    kinds = [_kind(each) for each in instances]
    shared, own = _memories([each for each, kind in zip(instances, kinds, strict=True) if kind == INITIALIZER])
    team = Team(source, named, "concordia")
    for each in (each for each, kind in zip(instances, kinds, strict=True) if kind == ENTITY):
        _entity(team, each, own)
    if not team.roles:
        source.note("it has no entities; one is added", "instances")
        team.add("Somebody", team.agent("Somebody"))
    masters = [each for each, kind in zip(instances, kinds, strict=True) if kind == MASTER]
    speakers, random, end = list(team.speakers), False, False
    for each in masters:
        random, ends = _master(team, each, first=each is masters[0])
        end = end or ends
    if masters and (narrators := [role for role in team.roles if role not in team.speakers]):
        speakers = [name for speaker in speakers for name in (speaker, narrators[0])]
    if random:
        source.note("the game master chose who acts: the order is fixed here; `order: moderated` lets somebody choose")
    turns = None if steps is None else steps * (2 if len(speakers) > len(team.speakers) else 1)
    return team.scenario(title=title, premise="\n".join([premise, *shared]).strip(), turns=turns, order="sequence",
                         speakers=speakers, ends=[End(narrator=True)] if end else [])


def _kind(instance: Source) -> str:
    """Whether an instance is an entity, a game master or what prepares one."""
    role, prefab = instance.text("role", limit=100).lower(), instance.text("prefab", limit=200)
    if INITIALIZER in role or INITIALIZER in prefab:
        return INITIALIZER
    return MASTER if MASTER in role or "gamemaster" in prefab.lower() else ENTITY


def _memories(initializers: list[Source]) -> tuple[list[str], dict[str, list[str]]]:
    """The memories of everybody, and of each player alone by its name."""
    shared: list[str] = []
    own: dict[str, list[str]] = {}
    for each in initializers:
        params = each.open("params")
        shared += [sentence(text) for text in params.texts("shared_memories")]
        params.ignore("name", "next_game_master_name")
        for field in ("player_specific_context", "player_specific_memories"):
            group = params.open(field)
            for name in group.data:
                own.setdefault(str(name), []).extend(group.texts(name))
        params.rest()
        each.ignore("prefab", "role")
        each.rest()
    return shared, own


def _entity(team: Team, instance: Source, own: dict[str, list[str]]) -> None:
    params = instance.open("params")
    name = params.text("name", limit=100) or f"Entity {len(team.roles) + 1}"
    goals = params.texts("goal", "goals")
    text = [params.text(field) for field in ("context", "specific_context", "backstory", "description")]
    if params.take("randomize_choices") is not None:
        params.note("how a model is asked to choose is left out", "randomize_choices")
    known = own.pop(name, [])
    more = params.told()
    params.rest()
    prefab = instance.text("prefab", limit=200)
    if prefab and not prefab.startswith("basic__"):
        instance.note(f"what the prefab {prefab} does beyond its parameters is code and is left out", "prefab")
    instance.ignore("prefab", "role")
    instance.rest()
    agent = team.agent(name, text="\n".join(sentence(part) for part in (*text, *more) if part), goals=goals)
    team.add(name, agent, knows=tuple(unbraced(fact)[:ITEM] for fact in known))


def _master(team: Team, instance: Source, *, first: bool) -> tuple[bool, bool]:
    """Add a game master that tells what comes of each act; whether it chose who acts, and whether it can end."""
    params = instance.open("params")
    prefab = instance.text("prefab", limit=200)
    name = params.text("name", limit=100) or "Game master"
    order = params.text("acting_order", limit=50)
    ends = params.take("can_terminate_simulation", "can_terminate") is True
    more = params.told()
    params.rest()
    instance.ignore("prefab", "role")
    instance.rest()
    if "dialogic" in prefab.lower():
        return "choice" in order, False     # it lets the others talk, and tells nothing
    if not first:
        instance.note("one game master is enough here; this one is left out", "prefab")
        return "choice" in order, False
    text = "After somebody acts, tell what comes of it, in a few sentences."
    agent = team.agent(name, role="the game master", engine="narrator", text="\n".join([text, *more]))
    team.add(name, agent, speaks=False)
    return "choice" in order, ends
