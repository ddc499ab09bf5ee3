"""Reading the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.engines.tools.tool import Answer, Scene, arguments_schema
from pyscrai.value_text import value_text


class ReadVariable:
    """Tells the value of a variable, of those that the role may see."""

    name = "read_variable"
    again = False
    description = "read the present value of a variable"

    def schema(self, scene: Scene) -> dict[str, Any] | None:
        names = list(scene.view.variables)
        return arguments_schema({"name": {"enum": names}}) if names else None

    async def use(self, arguments: Mapping[str, Any], scene: Scene) -> Answer:
        name = arguments["name"]
        value = scene.view.variables[name]
        return Answer(value, f"{name} = {value_text(value)}")
