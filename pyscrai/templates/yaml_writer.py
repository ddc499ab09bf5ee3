"""Templates to YAML that a person likes to read: blocks, long texts folded, short lists in a row."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, LiteralScalarString

from pyscrai.templates.models.base import Template
from pyscrai.templates.reading.yaml_reader import read

WIDTH = 100
"""The column at which long texts are folded."""

FIRST = ("kind", "format", "name", "version", "title", "description", "tags")
"""What a file begins with."""


def dump_yaml(template: Template) -> str:
    """A template as YAML that loads as the same template."""
    content = template.content()
    order = [*FIRST, *(name for name in type(template).model_fields if name not in FIRST)]
    plain = {name: content[name] for name in order if name in content}
    text = _written(plain, fold=True)
    documents, problems = read(text)
    if problems or len(documents) != 1 or documents[0].data != plain:
        text = _written(plain, fold=False)  # a text that folding would change
    return text


def _written(data: dict[str, Any], *, fold: bool) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_unicode = True
    out = io.StringIO()
    yaml.dump(_shaped(data, fold=fold), out)
    return out.getvalue()


def _shaped(part: Any, *, fold: bool) -> Any:
    if isinstance(part, dict):
        return CommentedMap((name, _shaped(value, fold=fold)) for name, value in part.items())
    if isinstance(part, list):
        sequence = CommentedSeq(_shaped(item, fold=fold) for item in part)
        plain = all(isinstance(item, str | int | float | bool) and "\n" not in str(item) for item in part)
        if plain and len(str(part)) < WIDTH - 20:
            sequence.fa.set_flow_style()
        return sequence
    if not isinstance(part, str):
        return part
    if not fold:
        return DoubleQuotedScalarString(part)
    if "\n" in part:
        return LiteralScalarString(part)
    return FoldedScalarString(part) if len(part) > WIDTH - 20 else part
