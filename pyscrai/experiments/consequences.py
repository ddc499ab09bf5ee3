"""What a check of a mended experiment may tell: not what follows from a guess and not from what the author wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyscrai.errors import Problem
from pyscrai.experiments.models.arms import FACTOR_KINDS
from pyscrai.experiments.models.measures import SOURCES
from pyscrai.templates.reading.positions import Path, spell

_JUDGES = {"judges", "unknown_measure", "stop.never"}

FOLLOWING: Mapping[Path, set[str]] = {
    ("arms",): {"one_arm", "same_arm"}, ("factors",): {"one_arm", "design"},
    ("combinations",): {"arms", "one_arm", "unknown_arm", "design"},
    ("design",): {"arms", "one_arm", "unknown_arm", "combination", "design"},
    ("exclude",): {"one_arm", "unknown_arm", "design"},
    ("pasts", "seeds"): {"few_pasts", "one_past", "stop.never"},
    ("pasts", "vary"): {"few_pasts", "one_past", "varied_twice", "stop.never"}, ("pasts", "until"): {"no_past", "cast"},
    ("judges", "measures"): _JUDGES}
"""What may follow where something in a section is guessed."""

LOST: Mapping[Path, set[str]] = {
    ("arms",): {"arms", "unknown_arm"}, ("factors",): {"arms", "unknown_arm", "unknown_factor", "exclude"},
    ("judges",): _JUDGES,
    ("pasts",): {"few_pasts", "one_past", "stop.never", "no_past", "cast", "varied_twice"}}
"""What may follow where all that a section declares is lost."""


def is_consequence(problem: Problem, guessed: Iterable[Path]) -> bool:
    """Whether a problem may come from a guess."""
    return any(_follows(problem, path) for path in guessed)


def _follows(problem: Problem, path: Path) -> bool:
    # What a factor sets or a measure reads is not known where it names two: then nothing else of it is, either.
    part = path[:-1] if path[-1] in (*FACTOR_KINDS, *SOURCES) else path
    place, code = spell(part), problem.code.removeprefix("experiment.")
    code = f"stop.{code}" if problem.field.startswith("stop.") else code
    if problem.field == place or problem.field.startswith((f"{place}.", f"{place}[")):
        return True
    if code in ("combination", "contrast") and len(path) > 1 and path[0] == "factors" and (
            f"`{path[1]}`" in problem.message):
        return True
    return code in LOST.get(path, ()) or any(
        code in codes for section, codes in FOLLOWING.items() if path[:len(section)] == section)
