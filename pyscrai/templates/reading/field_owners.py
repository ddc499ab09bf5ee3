"""The models that can stand at a path of a template, and how their fields are written."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from pyscrai.templates.reading.positions import Path


def fields_written(model: type[BaseModel], path: Path, wanted: str) -> str:
    """The cure where named fields are wanted: those that must be there, else the first one."""
    owner = next(iter(owners(model, path)), None) if wanted == "named fields" else None
    if owner is None:
        return "write `name: ...`, a line for each"
    names = [name for name, field in owner.model_fields.items() if field.is_required()] or list(owner.model_fields)[:1]
    return f"write {{{', '.join(f'{name}: ...' for name in names)}}}"


def owners(annotation: Any, path: Path) -> list[type[BaseModel]]:
    """The models that can stand at a path under an annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return owners(arguments[0], path)
    if origin in (Union, UnionType):
        return [owner for argument in arguments if argument is not NoneType for owner in owners(argument, path)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return [annotation]
        field = annotation.model_fields.get(str(path[0]))
        return owners(field.annotation, path[1:]) if field else []
    if not path or origin in (None, Literal):
        return []
    if origin is tuple:
        return owners(arguments[0], path[1:])
    return owners(arguments[-1], path[1:])
