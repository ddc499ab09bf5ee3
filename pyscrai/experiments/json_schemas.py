"""The JSON Schemas of all kinds of file that people write, by their names in ``pyscrai schema``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.templates.json_schema import DIALECT, identity, schema, schema_of

ANY = "any"
"""A file of any kind, whose `kind` decides: what an editor needs to know for a folder of files."""


def _of_any() -> dict[str, Any]:
    """The schema for a file of any kind."""
    kinds = {kind: make() for kind, make in SCHEMAS.items() if kind != ANY}
    decided = [{"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{kind}"}} for kind in kinds]
    return {"$schema": DIALECT, "$id": identity(ANY), "title": "A file of PyScrAI", "type": "object",
            "properties": {"kind": {"enum": list(kinds), "description": "What the file is."}}, "required": ["kind"],
            "allOf": decided, "$defs": {kind: _below(found, kind) for kind, found in kinds.items()}}


def _below(part: Any, kind: str) -> Any:
    """A schema as a part of another one: without its name, and with references to its own parts."""
    if isinstance(part, list):
        return [_below(item, kind) for item in part]
    if not isinstance(part, dict):
        return part
    return {key: value.replace("#/$defs/", f"#/$defs/{kind}/$defs/") if key == "$ref" and isinstance(value, str)
            else _below(value, kind) for key, value in part.items() if key not in ("$schema", "$id")}


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "scenario": lambda: schema("scenario"), "agent": lambda: schema("agent"),
    "experiment": lambda: schema_of(ExperimentTemplate, "experiment"), ANY: _of_any}
"""Kind of file to what makes its schema."""
