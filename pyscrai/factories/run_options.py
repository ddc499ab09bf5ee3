"""What an operator chooses for a run; imported by itself it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What an operator chooses for one run.

    ``parameters`` may hold texts, as a command line gives them: they are read as the parameter's type.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    """A model alias for every role."""
    role_models: Mapping[str, str] = field(default_factory=dict)
    """Role to model alias, over ``model``."""
    cast: Mapping[str, str] = field(default_factory=dict)
    """Role to the agent template, ``name`` or ``name@version``, that plays it in place of the template's own."""
    seed: int | None = None
    max_turns: int | None = None
    budget_usd: float | None = None
    allow_unknown_price: bool = False
    """Whether a budget may go with models that have no known price; their calls are then not counted."""
    without: tuple[str, ...] = ()
    """Optional roles that are left out."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Initial values in place of the template's."""
    injects: tuple[Mapping[str, Any], ...] = ()
    """Put into the world before the first turn; each has ``text``, and may have ``audience`` and ``source``."""
    prompts: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    """Role to prompt slot to the Jinja text that stands in for the engine's own."""
    memory: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Role to what it keeps of the conversation, as in a template."""
    standstill: Mapping[str, Any] = field(default_factory=dict)
    """Pause at a ``turn``, when a ``phase`` begins, or ``when`` a condition holds."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Role to the person who plays it."""
    share: str = ""
    """Whose turn it uses in a fair queue, and whose budget; whoever asks for it, if left out."""
    tags: tuple[str, ...] = ()
    name: str = ""
