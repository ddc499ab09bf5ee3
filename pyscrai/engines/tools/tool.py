"""A tool as the engines need it, and the scene that it may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.view import View


@dataclass(frozen=True, slots=True)
class ToolScene:
    """The moment in which a tool is used, as far as the tool may know it: no more than the role itself does.

    ``use`` counts the role's uses of tools in this turn from 0.
    """

    plan: Plan
    view: View
    use: int = 0

    @property
    def role(self) -> str:
        """The role that uses the tool."""
        return self.view.role


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The answer of a tool: JSON-plain data and the words in which the role reads it, or why it failed.

    ``audience`` names roles and groups that learn of it beside the role itself.
    """

    result: Any = None
    text: str = ""
    error: str | None = None
    audience: tuple[str, ...] = ()


class Tool(Protocol):
    """Something that a role may use before it speaks. One tool serves all runs: it keeps no state."""

    name: str
    description: str
    again: bool
    """Whether the same use can give something else in the same turn."""

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        """JSON Schema of the arguments for this role now, without references; None if there is nothing to use it on."""
        ...

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        """Do it. ``arguments`` satisfy ``schema``; whatever is raised becomes the answer's error."""
        ...


def arguments_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties, all of them required."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}
