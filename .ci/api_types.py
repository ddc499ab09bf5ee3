"""Writes the API's types for the viewer: pyscrai/viewer/web/types/api.d.ts, from the OpenAPI document.

    .venv/bin/python .ci/api_types.py           # a test sees that it was done
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyscrai.config.settings import load_settings
from pyscrai.databases.api.app import create_app

TARGET = Path(__file__).parent.parent / "pyscrai" / "viewer" / "web" / "types" / "api.d.ts"

HEADER = "// The API's types, written by .ci/api_types.py from the OpenAPI document.\n\n"

PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def written() -> str:
    """The text of the file."""
    app = create_app(load_settings(database_url="sqlite:///unused.db", model="scripted"))
    schemas = app.openapi()["components"]["schemas"]
    return HEADER + "\n".join(f"export interface {_name(name)} {_object(schema)}\n" if "properties" in schema
                              else f"export type {_name(name)} = {_type(schema)};\n"
                              for name, schema in sorted(schemas.items()))


def _name(name: str) -> str:
    return "".join(part for part in name if part.isalnum())


def _object(schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    fields = [f"  {name}{'' if name in needed or 'default' in about else '?'}: {_type(about)};"
              for name, about in schema.get("properties", {}).items()]
    if schema.get("additionalProperties") is True:
        fields.append("  [name: string]: any;")
    return "{\n" + "\n".join(fields) + "\n}"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rsplit("/", 1)[1])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(each) for each in schema[several]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"]) if "items" in schema else "any"
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"Record<string, {_type(inner)}>" if isinstance(inner, dict) else "Record<string, any>"
    return PLAIN.get(kind or "", "any")


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(written(), encoding="utf-8")
