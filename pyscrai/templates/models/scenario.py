"""Scenario templates: the authored play."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pyscrai.templates.models.action import ActionSpec
from pyscrai.templates.models.agent import AgentBody, Failure, Memory, ModelSettings, PromptSlot
from pyscrai.templates.models.analysis import Analysis, End
from pyscrai.templates.models.base import (
    FORMAT,
    Condition,
    Expression,
    Identifier,
    Names,
    Part,
    Target,
    Template,
    TemplateName,
    Text,
    Version,
)
from pyscrai.templates.models.flow import Flow
from pyscrai.templates.models.variable import Parameter, Variable
from pyscrai.templates.models.world import InjectSpec, Rule

MOST_NAMES = 1_000
"""Roles, and groups, that a scenario may have."""


def display_name(role: str, name: str) -> str:
    """The name of a role in the transcript: its own, or its id in words."""
    return name or role.replace("_", " ").title()


class GroupSpec(Part):
    """A group that changes while the play goes on: those of its roles for whom a condition holds."""

    of: Names
    when: Condition
    """Reads the role in question as ``role``: ``!(role in vars.dead)``."""


class Role(Part):
    """A place in the cast."""

    agent: str | AgentBody
    """An agent template, ``name`` or ``name@version``, or an agent written out here."""
    name: str = ""
    """The name in the transcript; the role's id in words if left out."""
    required: bool = True
    human: Literal["no", "allowed", "always"] = "no"
    """Whether a person may, or must, play it."""
    secret: str = ""
    """What only this role knows."""
    goals: tuple[Text, ...] = ()
    """What it wants in this play, beside the agent's own goals."""
    brief: str = ""
    """What it is in this play, beside what the agent is."""
    knows: tuple[Text, ...] = ()
    """What it knows beside its secret; for an Analyst the words ``secrets`` and ``goals``: those of all roles."""
    played_by: str = ""
    """A program that plays the role: ``tool:package.module:function``, from the operator's allow-list."""
    approve: bool | str = False
    """What its model or program proposes, and every tool that it wants to use, waits for a person to accept, edit or
    reject it: the person of this role, or with true whoever controls the run."""
    hears: Literal["addressed", "everything"] | tuple[str, ...] = "addressed"
    """``addressed``: what is said to it or to all; ``everything``: also whispers of others; or only these sources."""
    model: str | None = None
    settings: ModelSettings | None = None
    prompts: dict[PromptSlot, Text] = Field(default_factory=dict)
    memory: Memory | None = None
    failure: Failure | None = None
    tools: tuple[str, ...] | None = None


class ScenarioTemplate(Template):
    """The authored play, ``name@version``: premise, roles, flow, variables, injects, ends, analysis."""

    kind: Literal["scenario"] = "scenario"
    format: Literal[1] = FORMAT
    name: TemplateName
    version: Version = "1.0.0"
    title: str = ""
    description: str = ""
    """What the scenario shows and whom it is for."""
    tags: tuple[str, ...] = ()
    premise: Text
    """What everyone knows at the start; ``{{ params.NAME }}`` puts a parameter in."""
    parameters: dict[Identifier, Parameter] = Field(default_factory=dict)
    variables: dict[Identifier, Variable] = Field(default_factory=dict)
    groups: dict[Identifier, Names | GroupSpec] = Field(default_factory=dict, max_length=MOST_NAMES)
    """Names for several roles; one with a condition holds those for whom it holds at the moment."""
    roles: dict[Identifier, Role] = Field(min_length=1, max_length=MOST_NAMES)
    setup: dict[Target, Expression] = Field(default_factory=dict)
    """Variables that are drawn or computed before the first phase, in order."""
    documents: dict[Identifier, Text] = Field(default_factory=dict)
    """Texts that a role with the look-up tool can read."""
    flow: Flow
    actions: dict[Identifier, ActionSpec] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    injects: tuple[InjectSpec, ...] = ()
    ends: End | tuple[End, ...] = ()
    """When the run ends beside the flow's own ``end``: one end, or several of which any counts."""
    max_turns: int = Field(200, ge=1, le=100_000)
    """The bound of every run."""
    failure: Failure = Failure()
    """The failure policy of the roles that have none of their own."""
    analysis: Analysis | None = None

    def named(self, group: str) -> tuple[str, ...]:
        """The roles and groups that a group can hold."""
        spec = self.groups[group]
        return spec.of if isinstance(spec, GroupSpec) else spec
