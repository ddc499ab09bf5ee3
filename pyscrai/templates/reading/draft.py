"""A document as its model has it; mistakes of form are mended by guess, so that they hide no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pyscrai.errors import Problem
from pyscrai.templates.reading.explainer import MOST_ERRORS, FieldProblem, explain
from pyscrai.templates.reading.mends import Mend, mended
from pyscrai.templates.reading.positions import Path, Positions

MOST_PROBLEMS = 200
"""Problems of one document that are told at once."""

ROUNDS = 5
"""How often mistakes are mended: mending may bring up what stood behind."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Draft(Generic[Model]):
    """What could be read of a document: whole where it has no problems, else good for looking for further ones only."""

    content: Model | None
    """None where too much is wrong for a guess."""
    positions: Positions
    problems: Sequence[Problem]
    guessed: Sequence[Path] = ()
    """The parts that are not the author's."""


def draft_of(model: type[Model], data: dict[str, Any], positions: Positions, told: Sequence[FieldProblem] = ()
             ) -> Draft[Model]:
    """A document's data as a model has it, every mistake of form told.

    Args:
        told: what is known to be wrong with it already.
    """
    found, mends = list(told), list[Mend]()
    problems = [each.problem(positions) for each in found]
    for _ in range(ROUNDS):
        try:
            content = model.model_validate(data)
        except ValidationError as error:
            wrong = explain(error, model, data)
            dropped, names = _dropped(mends), _names(mends)
            owners = {path[:-1] for path in dropped}
            seen = {(each.code, _renamed(each.path, names)) for each in found}
            fresh = [each for each in wrong
                     if not _of_our_making(each, dropped, owners) and (each.code, each.path) not in seen]
            found.extend(fresh)
            problems.extend(each.problem(positions) for each in fresh)
            steps = [each.mend for each in wrong if each.mend]
            if not steps or error.error_count() > MOST_ERRORS:
                break
            data, positions, applied = mended(model, data, positions, steps)
            mends.extend(applied)
        else:
            names = _names(mends)
            return Draft(content, positions, problems, [_renamed(mend.path, names) for mend in mends if mend.invents])
    return Draft(None, positions, problems)


def more_problems(positions: Positions) -> Problem:
    """The problem that says that not all are told."""
    return positions.problem("template.more", (), f"there may be more than these {MOST_PROBLEMS} problems",
                             cure="mend these first")


def _of_our_making(found: FieldProblem, dropped: Collection[Path], owners: Collection[Path]) -> bool:
    """Whether a problem is about a part that was mended away, or about what it was a part of."""
    if found.parts:
        return any(part in dropped for part in found.parts)
    return found.path in owners or any(found.path[:length] in dropped for length in range(len(found.path) + 1))


def _dropped(mends: Sequence[Mend]) -> set[Path]:
    names = _names(mends)
    return {path for mend in mends if mend.drop for path in (mend.path, _renamed(mend.path, names))}


def _renamed(path: Path, names: Mapping[Path, str]) -> Path:
    """A path with the keys in it that are called otherwise by now."""
    for length in range(1, len(path) + 1):
        if (name := names.get(path[:length])) is not None:
            path = (*path[:length - 1], name, *path[length:])
    return path


def _names(mends: Sequence[Mend]) -> dict[Path, str]:
    return {mend.path: mend.name for mend in mends if mend.name is not None}
