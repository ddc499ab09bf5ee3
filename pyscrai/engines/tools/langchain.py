"""LangChain tools as tools of a role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from jsonschema import Draft202012Validator

from pyscrai.engines.tools.tool import ToolAnswer, ToolScene
from pyscrai.errors import ConfigError

_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)

LONGEST_RESULT = 4_000
"""Characters of a result that a role reads; the rest is cut."""


class LangChainTool:
    """A LangChain tool that an operator allows, by its import path. It learns its arguments and nothing else."""

    again = False

    def __init__(self, path: str, tool: Any) -> None:
        self.name = str(tool.name)
        self.description = " ".join(str(tool.description or self.name).split())
        self._tool = tool
        try:
            schema = tool.tool_call_schema
            schema = schema if isinstance(schema, dict) else schema.model_json_schema()
            self.arguments = inlined({"properties": {}, **schema, "additionalProperties": False})
            """JSON Schema of its arguments, without references."""
            _META.validate(self.arguments)
        except Exception as error:  # a tool's own schema code may raise anything
            reason = getattr(error, "message", None) or error  # all of a schema's error has dozens of lines
            raise _unusable(path, f"its arguments have no schema: {reason}") from error

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        return self.arguments

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        return shown_result(await self._tool.ainvoke(dict(arguments)))


MOST_PARTS = 5_000
"""Parts that the schema of a tool's arguments may have, its references put in."""


def shown_result(result: Any) -> ToolAnswer:
    """The answer with what a tool gave: a text, or JSON-plain data; a long one is cut."""
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    if len(text) > LONGEST_RESULT:
        text = text[:LONGEST_RESULT] + "…"
        return ToolAnswer(text, text)
    return ToolAnswer(json.loads(json.dumps(result, default=str)), text)


def import_tool(path: str) -> LangChainTool:
    """The LangChain tool at an import path, ``package.module:name`` or ``package.module.name``.

    Raises:
        ConfigError: it cannot be imported, or it is no LangChain tool.
    """
    module, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
        tool = found() if isinstance(found, type) else found
    except Exception as error:  # importing runs the module's own code, which may raise anything
        raise _unusable(path, f"{type(error).__name__}: {error}") from error
    if not all(hasattr(tool, name) for name in ("ainvoke", "tool_call_schema", "name", "description")):
        raise _unusable(path, f"{type(tool).__name__} is no LangChain tool")
    return LangChainTool(path, tool)


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema with its own ``$defs`` put in where they are referred to, so that it can stand inside another.

    Raises:
        ValueError: it is too large, as one of references to references can be.
    """
    definitions = schema.get("$defs", {})
    left = [MOST_PARTS]

    def walk(part: Any, depth: int) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise ValueError(f"the schema of its arguments has more than {MOST_PARTS:,} parts")
        if isinstance(part, list):
            return [walk(item, depth) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str):
            if depth > 8:
                return {}
            return walk(definitions.get(reference.rpartition("/")[2], {}), depth + 1)
        if isinstance(part.get("items"), list):     # as the drafts before 2020-12 have it
            part = {"prefixItems" if key == "items" else key: value for key, value in part.items()}
        return {key: _no_boolean(key, walk(value, depth)) for key, value in part.items()
                if key not in ("$defs", "title", "default") or (key != "$defs" and isinstance(value, dict))}

    return {"type": "object", **walk(dict(schema), 0)}


def _no_boolean(keyword: str, value: Any) -> Any:
    """The value of a keyword with the schemas ``true`` and ``false`` written as objects."""
    if keyword == "items":
        return _as_object(value)
    if keyword == "properties" and isinstance(value, dict):
        return {name: _as_object(part) for name, part in value.items()}
    if keyword in ("anyOf", "allOf", "oneOf", "prefixItems") and isinstance(value, list):
        return [_as_object(part) for part in value]
    return value


def _as_object(schema: Any) -> Any:
    return {} if schema is True else {"not": {}} if schema is False else schema


def _unusable(path: str, reason: str) -> ConfigError:
    return ConfigError(f"the tool {path!r} cannot be used: {reason}", code="config.tool", tool=path,
                       cure="install its package and correct its import path, or take it off the roles that have it")
