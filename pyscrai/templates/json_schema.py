"""JSON Schemas of the template format, for completion and checking in an editor.

A file names its schema in its first line: ``# yaml-language-server: $schema=scenario.schema.json``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from pyscrai.templates.models.base import FORMAT
from pyscrai.templates.reading.loader import KINDS

Kind = Literal["scenario", "agent"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def identity(kind: str) -> str:
    """The name of a schema, the same wherever its file lies; the language's version is a part of it."""
    return f"urn:pyscrai:schema:{kind}:{FORMAT}"


def schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a kind of template, as plain data."""
    return schema_of(KINDS[kind], kind)


def schema_of(model: type[BaseModel], kind: str) -> dict[str, Any]:
    """The JSON Schema of a document's model, as plain data."""
    found = model.model_json_schema(by_alias=True, mode="validation")
    required = ["kind", *(name for name in found.get("required", ()) if name != "kind")]
    plain: dict[str, Any] = _unwrap(found)
    return {"$schema": DIALECT, "$id": identity(kind), "title": f"PyScrAI {kind} template", **{
        key: value for key, value in plain.items() if key not in ("title", "required")}, "required": required}


def _unwrap(part: Any) -> Any:
    """Write docstrings as plain sentences, and leave out the titles, which only repeat the names of fields."""
    if isinstance(part, list):
        return [_unwrap(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept: dict[str, Any] = {"additionalProperties": False} if "patternProperties" in part else {}
    for key, value in part.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "description" and isinstance(value, str):
            kept[key] = " ".join(value.replace("``", "`").split())
        elif key == "properties":
            kept[key] = {name: _unwrap(field) for name, field in value.items()}
        else:
            kept[key] = value if key in ("default", "const", "enum") else _unwrap(value)
    return kept
