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
        begin, end = bare.find("{"), bare.rfind("}")
        try:
            value = json.loads(bare[begin:end + 1], strict=False) if 0 <= begin < end else None
        except ValueError:
            value = None
        if value is None:
            raise ReplyError("the reply is not a JSON object") from None
    problems = sorted(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value), key=lambda e: list(e.path))
    if problems:
        first = problems[0]
        place = ".".join(str(part) for part in first.absolute_path) or "the object"
        raise ReplyError(f"{place}: {first.message}")
    return value
