"""Functions that read the context: chance, drawn from the run's seed, and the names of roles."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pyscrai.templates.cel.values import list_of, number_of


def _chance(context: Mapping[str, Any]) -> random.Random:
    draw = context.get("chance")
    if draw is None:
        raise ValueError("nothing can be drawn by chance here")
    found: random.Random = draw()
    return found


def random_between(context: Mapping[str, Any], low: Any, high: Any) -> Any:
    """An integer of a range, both ends included, or a number between two."""
    if number_of(low) > number_of(high):
        raise ValueError(f"random() runs from low to high, not from {low} to {high}")
    if isinstance(low, int) and isinstance(high, int):
        return _chance(context).randint(low, high)
    return _chance(context).uniform(low, high)


def chosen(context: Mapping[str, Any], items: Any) -> Any:
    """One item of a list."""
    found = list_of(items)
    if not found:
        raise ValueError("nothing can be chosen from an empty list")
    return _chance(context).choice(found)


def shuffled(context: Mapping[str, Any], items: Any) -> list[Any]:
    """The items in another order."""
    found = list_of(items)
    _chance(context).shuffle(found)
    return found


def dealt(context: Mapping[str, Any], players: Any, cards: Any) -> dict[str, Any]:
    """A card for each role: as a map, role to card."""
    to, found = list_of(players), list_of(cards)
    if len(found) < len(to):
        raise ValueError(f"{len(found)} cards are too few for {len(to)}")
    _chance(context).shuffle(found)
    return dict(zip(to, found, strict=False))


def name_of(context: Mapping[str, Any], role: str) -> str:
    """The name of a role in the transcript; nothing for nobody, the empty text."""
    names: Mapping[str, str] = context.get("names", {})
    if role == "":
        return ""
    if role not in names:
        raise ValueError(f"there is no role {role!r}")
    return names[role]
