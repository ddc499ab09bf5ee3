"""Arms and factors: what is done otherwise to runs that share a past."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.agent import Memory, PromptSlot
from pyscrai.templates.models.base import Condition, Identifier, Misfit, Scalar, Strict, Text
from pyscrai.templates.models.world import InjectText


class EditedMessage(Strict):
    """The last thing that a role said before the arms leave the past, in other words."""

    of: str
    text: Text


class Overrides(Strict):
    """What a run has otherwise than the experiment's base."""

    parameters: dict[Identifier, Scalar] = Field(default_factory=dict)
    variables: dict[Identifier, Scalar] = Field(default_factory=dict)
    injects: tuple[InjectText, ...] = ()
    """Put into the world before the arm's first turn."""
    model: str | None = None
    """A model alias for every role."""
    role_models: dict[str, str] = Field(default_factory=dict)
    cast: dict[str, str] = Field(default_factory=dict)
    """Role to the agent, ``name`` or ``name@version``, that plays it in place of the scenario's own."""
    prompts: dict[str, dict[PromptSlot, Text]] = Field(default_factory=dict)
    """Role to the Jinja texts that stand in for its prompts."""
    memory: dict[str, Memory] = Field(default_factory=dict)
    """Role to what it keeps of the conversation."""
    message: EditedMessage | None = None

    def merged(self, other: Overrides) -> Overrides:
        """These overrides with others on top."""
        prompts = {role: dict(slots) for role, slots in self.prompts.items()}
        for role, slots in other.prompts.items():
            prompts[role] = prompts.get(role, {}) | dict(slots)
        return Overrides(
            parameters=self.parameters | other.parameters, variables=self.variables | other.variables,
            injects=(*self.injects, *other.injects), model=other.model or self.model,
            role_models=self.role_models | other.role_models, cast=self.cast | other.cast, prompts=prompts,
            memory=self.memory | other.memory, message=other.message or self.message)


class Arm(Overrides):
    """One arm; an empty one is the base as it is."""

    description: str = ""


FACTOR_KINDS = ("parameter", "variable", "role_model", "cast", "prompt", "memory")


class Factor(Strict):
    """Something that is set to each of several values; exactly one of its targets is given."""

    filler: ClassVar = {"parameter": "x", "values": [0]}

    parameter: str | None = None
    variable: str | None = None
    role_model: str | None = None
    """A role, or ``all``: the values are model aliases."""
    cast: str | None = None
    """A role: the values are agents, ``name`` or ``name@version``."""
    prompt: str | None = None
    """``ROLE.system`` or ``ROLE.turn``: the values are names of levels to Jinja texts."""
    memory: str | None = None
    """A role: the values are names of levels to memories."""
    values: tuple[Scalar, ...] | dict[Identifier, Any] = ()
    """The values, or names of levels to values."""
    range: tuple[float, float] | None = None
    """From low to high, for a Latin hypercube."""
    step: float | None = Field(None, gt=0)
    """With `range`: only every so many; an integer needs `step: 1` or more."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        given = [name for name in FACTOR_KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise Misfit(f"a factor needs exactly one of {', '.join(FACTOR_KINDS)}; "
                         f"{'it has ' + ', '.join(given) if given else 'it has none'}",
                         *(given[1:] or ["parameter"]), instead=None if given else "x")
        if self.values and self.range is not None:
            raise Misfit("a factor needs either `values` or a `range`", "range", "values")
        if not self.values and self.range is None:
            raise Misfit("a factor needs either `values` or a `range`", "values", "range", instead={"x": 0})
        if self.range is not None and not (self.range[0] < self.range[1]):
            raise Misfit(f"`range` runs from low to high, not from {self.range[0]:g} to {self.range[1]:g}", "range",
                         instead=(0.0, 1.0))
        if self.step is not None and self.range is None:
            raise Misfit("`step` goes with `range`", "step", "range")
        if self.range is not None and given[0] not in ("parameter", "variable"):
            raise Misfit(f"a {given[0]} has no range; write `values`", "range", given[0])
        if given[0] in ("prompt", "memory") and not isinstance(self.values, dict):
            raise Misfit(f"the values of a {given[0]} are names of levels: {{short: ..., long: ...}}", "values",
                         given[0], instead={"x": "x" if given[0] == "prompt" else {}})
        return self

    @property
    def kind(self) -> str:
        """The kind of the target that is given."""
        return next(name for name in FACTOR_KINDS if getattr(self, name) is not None)

    @property
    def target(self) -> str:
        """The name of the target."""
        return str(getattr(self, self.kind))

    def point(self, share: float) -> Scalar:
        """The value of a range at a share of its way, or the level of plain values."""
        if self.range is None:
            choices = list(self.levels)
            return choices[min(int(share * len(choices)), len(choices) - 1)]
        low, high = self.range
        if self.step is None:
            return float(f"{low + share * (high - low):.6g}")
        steps = int((high - low) / self.step + 1e-9)
        value = low + self.step * min(int(share * (steps + 1)), steps)
        return int(value) if low.is_integer() and self.step.is_integer() else float(f"{value:.6g}")

    @property
    def levels(self) -> dict[Scalar, Any]:
        """Levels to the values that are set; a level of plain values is the value itself."""
        if isinstance(self.values, dict):
            return dict[Scalar, Any](self.values.items())
        return {value: value for value in self.values}

    def overrides(self, value: Any) -> Overrides:
        """The run with this factor at a value.

        Raises:
            ValidationError: the value is no text of a prompt or no memory.
        """
        target = self.target
        if self.kind == "parameter":
            return Overrides(parameters={target: value})
        if self.kind == "variable":
            return Overrides(variables={target: value})
        if self.kind == "role_model":
            return Overrides(model=value) if target == "all" else Overrides(role_models={target: value})
        if self.kind == "cast":
            return Overrides(cast={target: value})
        if self.kind == "memory":
            return Overrides(memory={target: Memory.model_validate(value)})
        role, _, slot = target.partition(".")
        return Overrides.model_validate({"prompts": {role: {slot or "system": value}}})


class LatinHypercube(Strict):
    """That many points that cover the space of the factors evenly: McKay, Beckman, Conover (1979), Technometrics 21."""

    latin_hypercube: int = Field(ge=2, le=10_000)


Design = Literal["full", "list"] | LatinHypercube
"""``full`` crosses all factors, ``list`` takes `combinations`."""

Exclude = tuple[Condition, ...]
"""CEL over the factors' names: combinations for which one holds are left out."""
