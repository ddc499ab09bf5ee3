"""Reading a reply that must satisfy a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from pyscrai.errors import ReplyError

_FENCE = re.compile(r"^```[a-zA-Z]*\s*|\s*```$")


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def parse(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in ``text``.

    Raises:
        ReplyError: it is no JSON, or it does not satisfy ``schema``; the message says where and why.
    """
    bare = _FENCE.sub("", text.strip())
    try:
        value = json.loads(bare, strict=False)
    except ValueError:
        value = _salvage(bare)
        if value is None:
            raise ReplyError("the reply is not a JSON object") from None
    problems = sorted(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value), key=lambda e: list(e.path))
    if problems:
        first = problems[0]
        place = ".".join(str(part) for part in first.absolute_path) or "the object"
        raise ReplyError(f"{place}: {first.message}")
    return value


def _salvage(text: str) -> Any:
    """The JSON object within other words; None if there is none."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        return json.loads(text[begin:end + 1], strict=False) if 0 <= begin < end else None
    except ValueError:
        return None


LONGEST = "x-longest"
"""A schema's soft bound of a string, in characters: where decoding is constrained it holds, elsewhere none checks it.

``maxLength`` would have a reply refused that is only too long, and OpenAI's strict mode does not take it.
"""


def tokens_for(schema: Mapping[str, Any]) -> int:
    """How many tokens the longest reply that satisfies ``schema`` may take: a generous bound, so that none is cut off.

    A token a character, as small models' vocabularies need in the worst case; a string without a bound counts as one
    of 200 characters.
    """
    if "enum" in schema:
        return 2 + max(len(str(choice)) for choice in schema["enum"]) // 2
    if "const" in schema:
        return 2 + len(str(schema["const"])) // 2
    if "anyOf" in schema:
        return max(tokens_for(choice) for choice in schema["anyOf"])
    match schema.get("type"):
        case "object":
            return 2 + sum(4 + len(name) // 2 + tokens_for(part) for name, part in schema.get("properties", {}).items())
        case "array":
            return 2 + int(schema.get("maxItems", 8)) * (1 + tokens_for(schema.get("items", {})))
        case "string":
            return 2 + int(schema.get("maxLength", schema.get(LONGEST, 200)))
    return 24
