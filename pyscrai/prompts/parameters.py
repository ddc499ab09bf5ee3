"""Parameters in texts that are no Jinja: ``{{ params.NAME }}`` stands for the value, all else for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyscrai.value_text import quoted_text

_PLACE = re.compile(r"\{\{\s*params\.([a-z][a-z0-9_]*)\s*\}\}")


def with_parameters(text: str, parameters: Mapping[str, Any]) -> str:
    """The text with the values of the parameters that it names; a name that is none of them stays as it is written."""
    if "{{" not in text:
        return text
    return _PLACE.sub(lambda place: _shown(parameters[place[1]]) if place[1] in parameters else place[0], text)


def growth(text: str, parameters: Mapping[str, Any]) -> int:
    """Characters by which a text grows when its parameters are put in."""
    if "{{" not in text:
        return 0
    return sum(len(_shown(parameters[place[1]])) - len(place[0])
               for place in _PLACE.finditer(text) if place[1] in parameters)


def parameters_read(text: str) -> list[str]:
    """The names of the parameters that a text holds."""
    return _PLACE.findall(text) if "{{" in text else []


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else quoted_text(value)
