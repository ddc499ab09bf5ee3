"""Who plays: agent instances bound to roles, and all that is fixed for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from pyscrai.engines.tools.tool_spec import McpToolSpec
from pyscrai.templates.models.agent import EngineType, Failure, Memory, ModelSettings, Personality, PromptSlot
from pyscrai.templates.models.base import Scalar, Strict
from pyscrai.templates.models.scenario import ScenarioTemplate


class AgentInstance(Strict):
    """An agent template bound to a role of one run, with everything that the run changed about it."""

    role: str
    name: str
    """The name in the transcript."""
    engine: EngineType
    agent: str
    """``name@version`` of its template; the role's id where the agent is written in the scenario."""
    agent_hash: str
    personality: Personality
    model: str
    """A model alias."""
    settings: ModelSettings = ModelSettings()
    prompts: dict[PromptSlot, str] = Field(default_factory=dict)
    memory: Memory = Memory()
    failure: Failure = Failure()
    tools: tuple[str, ...] = ()
    described_tools: dict[str, McpToolSpec] = Field(default_factory=dict)
    """Name of a tool of an MCP server to what its server said of it when the run was made."""
    secret: str = ""
    hears: Literal["addressed", "everything"] | tuple[str, ...] = "addressed"
    human: Literal["no", "allowed", "always"] = "no"
    played_by: str = ""
    """The program that plays it in place of a model."""
    approve: bool | str = False
    """Whether what its model proposes waits for a person: of this role, or any."""
    person: str = ""
    """The name of the person who plays it, where the run began with one."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Where a run pauses so that others can leave it there: a turn, a phase that begins, or a condition."""

    turn: int | None = None
    phase: str | None = None
    when: str | None = None


EDITION = 3
"""The edition of the flow's rules. In the first, of version 0.1:

- of several moves in one turn the last alone took effect;
- in a round of all at once ``last`` was the round's last turn in every move's ``set``;
- an inject's ``every`` was missed where a round passed it;
- an inject's text was rendered before its ``set``;
- a round of all at once could go beyond the bound of turns;
- a role that stands twice among the speakers spoke once in a round.

In the second:

- a role with ``approve`` used its tools without anybody's leave;
- what tools had told it was lost where its turn was edited, rejected or skipped;
- a longer summary of an assessment lost a last sentence without an end, and a rationale kept one that broke off.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """All that is fixed for a run: the template, its cast, the parameters and the seed."""

    scenario: ScenarioTemplate
    cast: Mapping[str, AgentInstance]
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    seed: int = 0
    max_turns: int | None = None
    """The operator's bound; the scenario's own counts too."""
    budget_usd: float | None = None
    """The operator's bound of cost."""
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    """Initial values of variables in place of the template's."""
    standstill: Standstill | None = None
    edition: int = EDITION
    """The edition of the flow's rules that the run was made under; it keeps to them, so that it can be replayed."""
