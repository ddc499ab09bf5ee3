"""The Narrator describes, resolves and moderates, changes the world and may declare the end."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pyscrai.engines.agents.speaker import Speaker
from pyscrai.engines.calls.json_reply import LEAST, MOST
from pyscrai.engines.calls.sentences import before_quotations
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.view import View
from pyscrai.templates.models.variable import Variable


class Narrator(Speaker):
    """Stands outside the characters: sets the scene, bridges phases, tells what came of things."""

    engine: ClassVar[str] = "narrator"

    def fault(self, text: str) -> str | None:
        return None if before_quotations(text) else "it speaks for a character"

    def mended(self, text: str) -> str:
        return before_quotations(text) or text

    def fields(self, phase: PhasePlan, view: View) -> dict[str, tuple[dict[str, Any], bool]]:
        fields = super().fields(phase, view)
        changeable = self.changeable()
        if changeable:
            fields["changes"] = ({"type": "array", "maxItems": len(changeable), "items": {"anyOf": [
                {"type": "object", "additionalProperties": False, "required": ["variable", "value"],
                 "properties": {"variable": {"const": name}, "value": _value_schema(variable)}}
                for name, variable in changeable.items()]},
                "description": "variables that have changed by what happened, and their new values"}, True)
        if self.may_end():
            fields["scene_over"] = ({"type": "boolean", "description": "true only when the story has come to its end"},
                                    True)
        return fields

    def extras(self, phase: PhasePlan, view: View) -> dict[str, Any]:
        return {**super().extras(phase, view), "may_end": self.may_end(), "changeable": self.changeable()}

    def changeable(self) -> dict[str, Variable]:
        """The variables whose change this Narrator may propose: those that it sees and may change."""
        return {name: variable for name, variable in self.plan.scenario.variables.items()
                if variable.plain and name in self.plan.visible.get(self.role, ())
                and (variable.changed_by is None or self.role in self.plan.members(variable.changed_by))}

    def may_end(self) -> bool:
        """Whether an end of the scenario is for a Narrator to declare."""
        ends = list(self.plan.ends)
        while ends:
            end = ends.pop()
            if end.narrator:
                return True
            ends.extend((*(end.any or ()), *(end.all or ())))
        return False


def _value_schema(variable: Variable) -> dict[str, Any]:
    """The variable's type, choices and bounds.

    The bounds are soft: a model whose decoding is constrained keeps to them, and of another a value out of bounds is
    refused with an event, which the story should see.
    """
    if variable.choices:
        return {"enum": list(variable.choices)}
    bounds: dict[str, float] = {"minimum": -MILLIARD, "maximum": MILLIARD} if variable.type == "integer" else {}
    if variable.minimum is not None:
        bounds[LEAST] = math.ceil(variable.minimum) if variable.type == "integer" else variable.minimum
    if variable.maximum is not None:
        bounds[MOST] = math.floor(variable.maximum) if variable.type == "integer" else variable.maximum
    return {"type": variable.type, **bounds}


MILLIARD = 1_000_000_000
"""A bound of digits: without one a small model may write a number that never ends."""
