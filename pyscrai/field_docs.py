"""Descriptions in JSON Schemas, from the docstrings that stand below a model's attributes."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler


class Documented(BaseModel):
    """A model whose JSON Schema says of each field what the docstring below it says.

    Pydantic's ``use_attribute_docstrings`` parses the source of every class when the class is made, which took a tenth
    of the time that a command needs to start; here it is parsed when somebody asks for a schema.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for parent in cls.__mro__:  # the nearest says it
            for name, text in _docstrings(parent.__module__).get(parent.__qualname__, {}).items():
                field = cls.model_fields.get(name)
                shown = name if field is None or name in properties else field.alias
                if shown in properties:
                    properties[shown].setdefault("description", text)
        return schema


@cache
def _docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """Class to attribute to docstring, for the classes of one module of ours."""
    if not module.startswith("pyscrai."):
        return {}
    source = inspect.getsource(sys.modules[module])
    try:
        tree = ast.parse(source)
    except SystemError:
        # CPython counts the depth of all parsers of a process in one place, and another one was at work meanwhile.
        tree = ast.parse(source)
    return dict(_classes(tree, ""))


def _classes(tree: ast.Module | ast.ClassDef, outer: str) -> Iterator[tuple[str, dict[str, str]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield outer + node.name, {
                target.target.id: inspect.cleandoc(text.value.value) for target, text in pairwise(node.body)
                if isinstance(target, ast.AnnAssign) and isinstance(target.target, ast.Name)
                and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
                and isinstance(text.value.value, str)}
            yield from _classes(node, f"{outer}{node.name}.")
