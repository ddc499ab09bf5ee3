"""Plain data, as JSON gives it, within the bounds of a text."""

from __future__ import annotations

from typing import Any

from pyscrai.errors import Problem
from pyscrai.templates.reading.positions import Positions
from pyscrai.templates.reading.yaml_reader import DEEPEST, MOST


def too_much(data: Any, positions: Positions) -> Problem | None:
    """The problem of plain data that is deeper, or has more parts, than a text may have."""
    level, parts = [data], 0
    for _ in range(DEEPEST + 2):
        parts += len(level) + sum(len(item) for item in level if isinstance(item, dict))  # a name is a part too
        if parts > MOST:
            return positions.problem("template.too_large", (), f"this has more than {MOST} parts")
        level = [part for item in level if isinstance(item, dict | list | tuple)
                 for part in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return None
    return positions.problem("template.too_deep", (), f"this is nested more than {DEEPEST} deep")
