"""Guesses at what was meant, good enough to go on looking for other mistakes in the same round."""

from __future__ import annotations

import copy
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from pyscrai.templates.models.base import Strict
from pyscrai.templates.reading.positions import Path, Positions

NOTHING: Any = object()
"""Stands where no filler is known."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A guess at what was meant; with neither a name nor a value the part is left out, or filled if it is needed."""

    path: Path
    name: str | None = None
    """Call the key so instead."""
    value: Any = None
    """Put this there instead."""
    drop: bool = False
    """What stands there is worth nothing; a value that goes with it is a filler."""
    complete: bool = False
    """Add what is missing beside what is there."""

    @property
    def invents(self) -> bool:
        """Whether what stands there afterwards is not the author's."""
        return self.drop and not self.complete


def mended(model: type[BaseModel], data: dict[str, Any], positions: Positions, mends: Sequence[Mend]
           ) -> tuple[dict[str, Any], Positions, list[Mend]]:
    """Data with mends applied, the places of its parts, and the mends as they were applied."""
    data = copy.deepcopy(data)
    renames: list[tuple[Path, str]] = []
    applied: list[Mend] = []
    # The longest paths first, so that renaming a key does not lead the others astray.
    for mend in sorted(mends, key=lambda mend: -len(mend.path)):
        owner: Any = data
        for step in mend.path[:-1]:
            try:
                owner = owner[step]
            except (KeyError, IndexError, TypeError):
                owner = None
        name: Any = mend.path[-1] if mend.path else None
        if mend.complete and _completed(model, owner, mend.path):
            applied.append(mend)
            continue
        applied.append(replace(mend, complete=False))
        if isinstance(owner, list) and isinstance(name, int) and name < len(owner):
            filler = fill(model, mend.path) if mend.drop and mend.value is None else mend.value
            owner[name] = owner[name] if filler is NOTHING else filler
        elif isinstance(owner, dict) and name is not None:
            if mend.name is not None and name in owner and mend.name not in owner:
                owner[mend.name] = owner.pop(name)
                renames.append((mend.path, mend.name))
            elif mend.drop or mend.name is not None:
                owner.pop(name, None)
                filler = NOTHING if mend.value is None else mend.value
                if mend.value is None and _required(model, mend.path):
                    filler = fill(model, mend.path)
                if filler is not NOTHING:
                    owner[name] = filler
            else:
                owner[name] = mend.value
    return data, positions.renamed(renames), applied


def _completed(model: type[BaseModel], owner: Any, path: Path) -> bool:
    """Add what a part lacks; False where it lacks nothing that a filler has, so that it is wrong otherwise."""
    part, filler = owner[path[-1]] if path else None, fill(model, path)
    if not isinstance(part, dict) or not isinstance(filler, dict) or not filler.keys() - part.keys():
        return False
    owner[path[-1]] = {**filler, **part}
    return True


def fill(model: type[BaseModel], path: Path) -> Any:
    """The least that can stand at a path of a template, or ``NOTHING``."""
    annotation, metadata = _at(model, path)
    return NOTHING if annotation is None else _least(annotation, metadata)


def _required(model: type[BaseModel], path: Path) -> bool:
    """Whether something must stand at a path: a required field, or an entry whose name others use."""
    owner, _ = _at(model, path[:-1]) if len(path) > 1 else (model, ())
    found = [part for part in _arms(owner) if isinstance(part, type) and issubclass(part, BaseModel)]
    if not found:
        return get_origin(owner) is dict and isinstance(fill(model, path), dict)
    return any((field := part.model_fields.get(str(path[-1]))) is not None and field.is_required() for part in found)


def _arms(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [arm for part in get_args(annotation) for arm in _arms(part)]
    return [annotation]


def _at(annotation: Any, path: Path) -> tuple[Any, Sequence[Any]]:
    """The annotation at a path, the first of a union's arms that goes so far, and what constrains it."""
    if not path:
        return annotation, ()
    for arm in _arms(annotation):
        origin, arguments = get_origin(arm), get_args(arm)
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            field: FieldInfo | None = arm.model_fields.get(str(path[0]))
            if field is not None:
                return (field.annotation, field.metadata) if len(path) == 1 else _at(field.annotation, path[1:])
        elif origin is dict and not isinstance(path[0], int):
            return (arguments[1], ()) if len(path) == 1 else _at(arguments[1], path[1:])
        elif origin is tuple and isinstance(path[0], int):
            return (arguments[0], ()) if len(path) == 1 else _at(arguments[0], path[1:])
    return None, ()


def _least(annotation: Any, metadata: Sequence[Any] = ()) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        own = [rule for part in arguments[1:] for rule in (part.metadata if isinstance(part, FieldInfo) else (part,))]
        return _least(arguments[0], (*own, *metadata))
    if origin in (Union, types.UnionType):
        models = [arm for arm in _arms(annotation) if isinstance(arm, type) and issubclass(arm, BaseModel)]
        return None if types.NoneType in arguments else _least(models[0] if models else arguments[0], metadata)
    if origin is Literal:
        return arguments[0]
    if annotation is str:
        patterns = [rule.pattern for rule in metadata if isinstance(rule, StringConstraints) and rule.pattern]
        return "1.0.0" if any(str(pattern).startswith(r"^\d") for pattern in patterns) else "x"
    if annotation in (int, float):
        least = next((rule.ge for rule in metadata if hasattr(rule, "ge")), None)
        more = any(hasattr(rule, "gt") for rule in metadata)
        return annotation(least if least is not None else 1 if more else 0)
    if annotation is bool:
        return False
    if origin in (tuple, list):
        return [_least(arguments[0])]
    if origin is dict:
        return {"x": _least(arguments[1])}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, Strict) and annotation.filler is not None:
            return copy.deepcopy(dict(annotation.filler))
        return {name: _least(field.annotation, field.metadata) for name, field in annotation.model_fields.items()
                if field.is_required()}
    return NOTHING
