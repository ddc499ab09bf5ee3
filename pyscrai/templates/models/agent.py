"""Agent templates: a reusable persona with its engine, model settings, memory and failure policy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pyscrai.templates.models.base import FORMAT, Part, Strict, Template, TemplateName, Text, Version

EngineType = Literal["actor", "narrator", "analyst"]
PromptSlot = Literal["system", "turn"]


class Personality(Strict):
    """Who an agent is. Engines turn it into the stable front of every prompt."""

    role: Text
    """What it is, in a phrase: *elected mayor of a small town*."""
    backstory: str = ""
    goals: tuple[Text, ...] = ()
    traits: tuple[Text, ...] = ()
    constraints: tuple[Text, ...] = ()
    """What it never does, or always does."""
    style: str = ""
    """How it speaks: *dry, short sentences*."""
    examples: tuple[Text, ...] = ()
    """Lines that it might say, to set the tone."""


class ModelSettings(Strict):
    """How a model is asked; what is left out is the alias's own setting."""

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1, le=32_000)
    """The longest reply, in tokens."""
    max_sentences: int | None = Field(None, ge=1, le=100)
    """Speech is cut after this many sentences."""


class Retrieval(Strict):
    """Recall of the role's own past beyond the window, by recency, importance and relevance."""

    top: int = Field(3, ge=1, le=20)
    """How many old memories enter a prompt."""
    recency: float = Field(1.0, ge=0)
    importance: float = Field(1.0, ge=0)
    relevance: float = Field(1.0, ge=0)


class ReflectionSettings(Strict):
    """Now and then the role draws conclusions from its memories; each reflection costs a model call."""

    every: int = Field(10, ge=2)
    """After how many of its own turns."""
    insights: int = Field(3, ge=1, le=10)


class Memory(Strict):
    """What an agent keeps of the conversation in its prompts."""

    window: int | None = Field(20, ge=1, le=1_000)
    """How many recent lines stand word for word; null for all of them."""
    block: int = Field(10, ge=1, le=500)
    """Old lines leave the window in blocks of this size, so that the front of the prompt stays cached."""
    summary: bool = False
    """Fold lines that leave the window into a running summary; each block costs a model call."""
    summary_words: int = Field(120, ge=20, le=2_000)
    retrieval: Retrieval | None = None
    reflection: ReflectionSettings | None = None


class Failure(Strict):
    """What is done when a model does not answer or answers with something unusable."""

    timeout: float | None = Field(None, gt=0, le=3_600)
    """Seconds for one try; null for the alias's own timeout."""
    retries: int = Field(3, ge=0, le=20)
    """How often a failed call is made again."""
    backoff: float = Field(1.0, ge=0, le=300)
    """Seconds before the first retry; doubled for each later one. A Retry-After of the endpoint is honoured."""
    repairs: int = Field(1, ge=0, le=5)
    """How often an unusable reply is sent back to be mended."""
    fallback: str | None = None
    """A model alias that is asked when the first one failed for good."""
    then: Literal["fail", "skip", "pause"] = "fail"
    """In the end: fail the run, skip the turn, or pause the run at this turn."""


class AgentBody(Part):
    """All of an agent but its name: what a role may also hold inline."""

    engine: EngineType
    """What the agent *is*: an Actor speaks in character, a Narrator describes and resolves, an Analyst observes."""
    personality: Personality
    secret: str = ""
    """What only this agent knows, in whatever role; a role's own secret stands in for it."""
    model: str | None = None
    """A model alias; null for the operator's default."""
    settings: ModelSettings = ModelSettings()
    prompts: dict[PromptSlot, Text] = Field(default_factory=dict)
    """Jinja texts that stand in for the engine's own prompts."""
    memory: Memory = Memory()
    failure: Failure | None = None
    tools: tuple[str, ...] = ()
    """Names of tools: shipped ones, or import paths on the operator's allow-list."""


class AgentTemplate(AgentBody, Template):
    """A reusable persona, ``name@version``."""

    kind: Literal["agent"] = "agent"
    format: Literal[1] = FORMAT
    name: TemplateName
    version: Version = "1.0.0"
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
