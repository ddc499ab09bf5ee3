"""Reading the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.engines.tools.tool import ToolAnswer, ToolScene, arguments_schema
from pyscrai.value_text import value_text


class ReadVariable:
    """Tells the value of a variable, of those that the role may see."""

    name = "read_variable"
    again = False
    description = "read the present value of a variable"

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        names = list(scene.view.variables)
        return arguments_schema({"name": {"enum": names}}) if names else None

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        name = arguments["name"]
        value = scene.view.variables[name]
        return ToolAnswer(value, f"{name} = {value_text(value)}")
