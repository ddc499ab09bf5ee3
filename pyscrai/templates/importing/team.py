"""Teams of other programs: each member becomes an agent, and all of them the roles of one scenario."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

from pyscrai.templates.importing.foreign_fields import ITEM, Source, clean, slug, unbraced
from pyscrai.templates.models.agent import AgentTemplate, ModelSettings, Personality
from pyscrai.templates.models.analysis import End
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Flow, Order, Phase, Transition
from pyscrai.templates.models.scenario import Role, ScenarioTemplate, display_name

AnyTemplate = AgentTemplate | ScenarioTemplate

Named = Callable[[AnyTemplate], AnyTemplate]
"""Gives a template a name that no other has."""

TURNS = 20
"""Turns of a play that has no bound of its own."""

MOST = 100
"""Members that a team may have."""

RESERVED = ("begin", "gather", "end", "all", "whisper", "each", "scenario", "template", "rule", "run")
"""Names that mean something else in a scenario."""

LOOK_UP = "look_up"


def role_id(name: str, taken: Collection[str]) -> str:
    """A role's id of a name, one that no other role has."""
    key = slug(name, joint="_", empty=f"role_{len(taken) + 1}", longest=40)
    key = f"{key}_role" if key in RESERVED else key
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    return found


class Team:
    """A team in the making.

    Args:
        source: where notes on the whole of it go.
        named: gives templates names that no other has.
        program: the program that it comes from, as a tag.
    """

    def __init__(self, source: Source, named: Named, program: str) -> None:
        self.roles: dict[str, Role] = {}
        self.speakers: list[str] = []
        self.agents: list[AnyTemplate] = []
        self._source, self._named, self._program = source, named, program

    def agent(self, name: str, *, role: str = "", text: str = "", goals: Sequence[str] = (),
              settings: ModelSettings | None = None, engine: Literal["actor", "narrator"] = "actor") -> AgentTemplate:
        """An agent of a name, what it is in a phrase, and a text about it."""
        phrase = " ".join(clean(role).split())[:500]
        return AgentTemplate(
            name=slug(name), title=" ".join(name.split()), engine=engine, tags=("imported", self._program),
            personality=Personality(role=unbraced(phrase) or f"the character {' '.join(name.split())}",
                                    backstory=unbraced(clean(text))[:20_000],
                                    goals=tuple(unbraced(goal)[:ITEM] for goal in goals if goal.strip())),
            settings=settings or ModelSettings())

    def add(self, name: str, agent: AgentTemplate, *, own: bool = True, speaks: bool = True, **fields: Any) -> str:
        """Give a member a role; the role's id.

        Args:
            own: the agent is new, and goes with the scenario.
            speaks: it takes turns of its own.
            fields: more of the role, such as ``human`` or ``goals``.
        """
        if own:
            agent = self._named(agent)  # type: ignore[assignment]
            self.agents.append(agent)
        role = role_id(name, self.roles)
        shown = " ".join(clean(name).split())[:100]
        names = {display_name(other, spec.name).casefold() for other, spec in self.roles.items()}
        if not shown or shown.casefold() in names or display_name(role, "").casefold() == shown.casefold():
            shown = ""
        self.roles[role] = Role(agent=agent.name, name=shown, **fields)
        if speaks:
            self.speakers.append(role)
        return role

    def scenario(self, *, title: str, premise: str, turns: int | None, order: Order = "round_robin",
                 speakers: Sequence[str] | None = None, ends: Sequence[End] = (), description: str = "",
                 documents: Mapping[str, str] | None = None, **phase: Any) -> list[AnyTemplate]:
        """The agents, and the scenario in which they speak until the turns are over or an end fires.

        Args:
            turns: None takes a bound of ours, which is noted.
            documents: texts that all roles can look up.
            phase: more of the phase, such as ``moderator``.
        """
        if turns is None:
            self._source.note(f"no bound of turns is named: it ends after {TURNS}")
        bound = min(turns or TURNS, 10_000)
        who = tuple(speakers if speakers is not None else self.speakers)
        if order in ("simultaneous", "parallel"):
            way = Transition(to=END, after_rounds=max(1, bound // max(1, len(who))))
        else:
            way = Transition(to=END, after_turns=bound)
        if documents:
            self.roles = {role: spec.model_copy(update={"tools": (LOOK_UP,)}) for role, spec in self.roles.items()}
        words = " ".join(clean(title).split())[:200]
        scenario = ScenarioTemplate(
            name=slug(words, empty="imported"), title=words, description=unbraced(clean(description))[:20_000],
            tags=("imported", self._program), premise=unbraced(clean(premise))[:20_000].strip() or (
                "Nothing is known at the start."),
            documents={name: unbraced(text) for name, text in (documents or {}).items()}, roles=self.roles,
            flow=Flow(start="talk", phases={"talk": Phase(speakers=who, order=order, next=(way,), **phase)}),
            ends=tuple(ends), max_turns=min(bound + 2 * len(self.roles) + 2, 100_000))
        return [*self.agents, self._named(scenario)]


def settings_of(source: Source) -> ModelSettings:
    """The settings of a model as most programs call them; which model it was is noted."""
    settings = ModelSettings(
        temperature=source.number("temperature", low=0, high=2), top_p=source.number("top_p", low=0.0001, high=1),
        max_tokens=source.whole("max_tokens", low=1, high=32_000))
    model = source.text("model", "model_name", "llm_type", limit=200)
    if model:
        source.note(f"{model}: name an alias of yours as `model`, or with --model", "model")
    source.ignore("model", "model_name", "llm_type", "api_key", "base_url", "api_version", "model_info",
                  "model_capabilities", "organization")
    source.rest()
    return settings
