"""Reading a reply that must satisfy a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from pyscrai.engines.calls.reply_validator import reply_validator
from pyscrai.engines.calls.schema_fit import fitted
from pyscrai.errors import ReplyError
from pyscrai.plain_text import storable_json

MOST_STARTS = 40
"""How many opening braces in a reply are tried as the start of its JSON object."""

_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+\\?(?:"|\Z))|,(?=\s*+[}\]])', re.DOTALL)
"""A text, which may be broken off so that none is looked at twice; or a comma before a closing bracket."""


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return reply_validator(json.loads(schema))


def parse(text: str, schema: Mapping[str, Any], *, names: Mapping[str, str] | None = None,
          drop_unknown: bool = True) -> Any:
    """The JSON value in ``text``, made to satisfy ``schema`` where it is clear what is meant.

    Prose around the object, a code fence, a trailing comma, a further key, ``"10"`` for a number, and a choice in
    other case, in quotation marks or by its display name are read; anything else is an error.

    Args:
        names: display names of roles, taken for the roles' ids wherever the schema has these as choices.
        drop_unknown: leave out keys that the schema does not have; a person's misspelt key is an error instead.

    Raises:
        ReplyError: it is no JSON, or it does not satisfy ``schema``; the message says where and why.
    """
    try:
        value = storable_json(_value(text))
    except ValueError as error:
        raise ReplyError(f"the reply is not a JSON object: it is {error}") from None
    validator = _validator(json.dumps(schema, sort_keys=True))
    if validator.is_valid(value):
        return value
    value = fitted(value, schema, names or {}, drop_unknown=drop_unknown)
    problem = best_match(validator.iter_errors(value))
    if problem is not None:
        raise ReplyError(_in_words(problem))
    return value


def _value(text: str) -> Any:
    bare = text.strip().removeprefix("\ufeff")
    first: ValueError | None = None
    for candidate in _candidates(bare):
        try:
            return json.loads(candidate, strict=False, parse_constant=_refuse)
        except ValueError as error:
            first = first or error
        except RecursionError:
            raise ReplyError("the reply is not a JSON object: it is nested too deep") from None
    embedded = _embedded(bare)
    if embedded is not None:
        return embedded
    why = str(first)
    if isinstance(first, json.JSONDecodeError):
        why = f"{first.msg} at line {first.lineno}, column {first.colno}"
    raise ReplyError(f"the reply is not a JSON object: {why}")


def _candidates(bare: str) -> Iterator[str]:
    """The whole reply as JSON text; then from its first brace to its last; each also without trailing commas."""
    begin, end = bare.find("{"), bare.rfind("}")
    for part in dict.fromkeys((bare, bare[begin:end + 1] if 0 <= begin < end else bare)):
        yield part
        yield _TRAILING_COMMA.sub(lambda found: found[1] or "", part)


def _embedded(text: str) -> dict[str, Any] | None:
    """The first JSON object within prose that has braces of its own."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse)
    begin = -1
    for _ in range(MOST_STARTS):
        begin = text.find("{", begin + 1)
        if begin < 0:
            return None
        try:
            value, _ = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        if value:
            return dict(value)
    return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def _in_words(problem: ValidationError) -> str:
    place = ".".join(str(part) for part in problem.absolute_path) or "the object"
    if problem.validator == "enum" and isinstance(problem.schema, Mapping):
        choices = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in problem.schema["enum"])
        return f"{place}: {json.dumps(problem.instance, ensure_ascii=False)[:200]} is none of {choices}"
    return f"{place}: {problem.message[:400]}"


LONGEST = "x-longest"
"""A schema's soft bound of a string, in characters: where decoding is constrained it holds, elsewhere none checks it.

``maxLength`` would have a reply refused that is only too long, and OpenAI's strict mode does not take it.
"""

LEAST, MOST = "x-minimum", "x-maximum"
"""Soft bounds of a number, alike."""


def tokens_for(schema: Mapping[str, Any]) -> int:
    """The tokens that the longest reply which satisfies ``schema`` may take: a generous bound, so that none is cut off.

    A token a character, as small models' vocabularies need in the worst case; a string without a bound counts as one
    of 200 characters.
    """
    if "enum" in schema:
        return 2 + max((len(str(choice)) for choice in schema["enum"]), default=0) // 2
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
