"""Group chats of SillyTavern: a list of characters' files, who of them speaks when, and the scene."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pyscrai.templates.importing.character_card import filled
from pyscrai.templates.importing.foreign_fields import Source, slug
from pyscrai.templates.importing.team import MOST, AnyTemplate, Named, Team
from pyscrai.templates.importing.world_info import World
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.flow import Order

STRATEGIES: dict[int, Order] = {0: "free", 1: "round_robin", 2: "round_robin", 3: "random"}
"""Who is activated: naturally, in the list's order, by hand, or from a pool."""

BY_HAND = 2
SITUATION = re.compile(r"Situation: (.*?)(?:\n\n|\Z)", re.DOTALL)
"""Where an imported card keeps its scene."""


def is_group(data: dict[str, Any]) -> bool:
    """Whether data is a group chat."""
    members = data.get("members")
    return isinstance(members, list) and any(name in data for name in (
        "activation_strategy", "disabled_members", "chat_id", "chats", "allow_self_responses"))


def from_group(data: dict[str, Any], notes: list[str], named: Named, cards: Mapping[str, AgentTemplate], world: World
               ) -> list[AnyTemplate]:
    """The scenario of a group; its characters are agents of other files, or stand-ins where those are missing.

    Args:
        cards: the agents of other files, by the names of the files and their own.
        world: what books among the files say.
    """
    source = Source(data, "", notes)
    title = source.text("name", limit=200) or "A group"
    team = Team(source, named, "sillytavern")
    off = set(source.texts("disabled_members"))
    scenes: list[str] = []
    members = source.texts("members")
    for member in members[:MOST]:
        stem = PurePath(member.replace("\\", "/")).name.rpartition(".")[0] or member
        if member in off:
            source.note(f"{member} is switched off in the group and is left out", "members")
            continue
        card = cards.get(stem.casefold()) or cards.get(slug(stem))
        if card is None:
            source.note(f"the card of {member} is not among the files: give it too; a stand-in takes its place",
                        "members")
            team.add(stem, team.agent(stem))
            continue
        team.add(card.title or card.name, card, own=False)
        if found := SITUATION.search(card.description):
            scenes.append(found[1].strip())
    metadata = source.open("chat_metadata")
    scene = metadata.text("scenario")
    metadata.ignore(*metadata.data)
    team.add("You", team.agent("You", role="the person whom the others talk with"), human="allowed")
    source.note("you, who took part in the chat, are the role `you`: play it yourself, or take it out")
    strategy = source.take("activation_strategy")
    order = STRATEGIES.get(strategy if isinstance(strategy, int) else 0, "free")
    if strategy == BY_HAND:
        source.note("the speakers were chosen by hand: they speak in turn here", "activation_strategy")
    source.ignore("id", "avatar_url", "fav", "chat_id", "chats", "allow_self_responses", "generation_mode",
                  "date_added", "create_date", "date_last_chat", "chat_size", "hideMutedSprites", "auto_mode_delay",
                  "past_metadata", "generation_mode_join_prefix", "generation_mode_join_suffix", "disabled_members")
    source.rest()
    premise = [scene] if scene else list(dict.fromkeys(scenes))
    shown = [filled(text, "the character") for text in (*premise, *world.always)]
    return team.scenario(title=title, premise="\n\n".join(shown), turns=None, order=order, documents=world.documents)
