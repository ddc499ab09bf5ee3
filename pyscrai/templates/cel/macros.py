"""What macros do: a body is computed for each item of a list, or key of a map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyscrai.templates.cel.computation import Computation, truth_of

Step = Callable[[Computation], Any]


def each(run: Computation, variable: str, items: Iterable[Any], weight: int) -> Iterable[Any]:
    """The items one by one, the macro's variable set to each, and its work spent."""
    for item in items:
        run.spend(weight)
        run.local[variable] = item
        yield item


Bodies = list[Step]


def _tested(run: Computation, bodies: Bodies, kind: str) -> bool:
    return truth_of(bodies[0](run), f"what {kind}() tests")


def _map(run: Computation, items: Iterable[Any], bodies: Bodies) -> list[Any]:
    if len(bodies) == 2:
        return [bodies[1](run) for _ in items if _tested(run, bodies, "map")]
    return [bodies[0](run) for _ in items]


def _ranked(run: Computation, items: Iterable[Any], bodies: Bodies) -> list[tuple[Any, Any]]:
    ranked = [(bodies[0](run), item) for item in items]
    kinds = {float if type(key) is int else type(key) for key, _ in ranked}
    if len(kinds) > 1 or not kinds <= {float, str, bool}:
        raise TypeError("only numbers, or only texts, can be put in order")
    return ranked


def _best(run: Computation, items: Iterable[Any], bodies: Bodies, choose: Callable[..., Any]) -> Any:
    ranked = _ranked(run, items, bodies)
    if not ranked:
        raise ValueError("an empty list has no first")
    return choose(ranked, key=lambda pair: pair[0])[1]


MACROS: Mapping[str, Callable[[Computation, Iterable[Any], Bodies], Any]] = {
    "all": lambda run, items, bodies: all(_tested(run, bodies, "all") for _ in items),
    "exists": lambda run, items, bodies: any(_tested(run, bodies, "exists") for _ in items),
    "exists_one": lambda run, items, bodies: sum(_tested(run, bodies, "exists_one") for _ in items) == 1,
    "count": lambda run, items, bodies: sum(_tested(run, bodies, "count") for _ in items),
    "filter": lambda run, items, bodies: [item for item in items if _tested(run, bodies, "filter")],
    "map": _map,
    "sort_by": lambda run, items, bodies: [item for _, item in sorted(_ranked(run, items, bodies),
                                                                      key=lambda pair: pair[0])],
    "max_by": lambda run, items, bodies: _best(run, items, bodies, max),
    "min_by": lambda run, items, bodies: _best(run, items, bodies, min)}
"""Macros; of equals, ``max_by`` and ``min_by`` give the first, and ``sort_by`` keeps the order."""
