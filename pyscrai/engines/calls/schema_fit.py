"""A value brought to what its JSON Schema asks for, where only one thing can be meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyscrai.engines.calls.reply_validator import reply_validator
from pyscrai.engines.folded_text import chosen, folded

_NUMBER = re.compile(r"[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?")
DIGITS = 18
"""So many digits every whole number of 64 bits may have."""

_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


def fitted(value: Any, schema: Mapping[str, Any], names: Mapping[str, str], *, drop_unknown: bool = True) -> Any:
    """``value`` with every part in the type, spelling and key that ``schema`` wants; what fits nothing stays.

    Args:
        names: display names of choices, as for ``folded_text.chosen``.
        drop_unknown: whether keys that an object may not have are left out.
    """
    if "anyOf" in schema:
        return _any_of(value, schema["anyOf"], names, drop_unknown)
    if "enum" in schema or "const" in schema:
        return _choice(value, schema.get("enum", [schema.get("const")]), names)
    match schema.get("type"):
        case "object" if isinstance(value, dict):
            return _object(value, schema, names, drop_unknown)
        case "array" if isinstance(value, list):
            return [fitted(item, schema.get("items", {}), names, drop_unknown=drop_unknown) for item in value]
        case "integer" | "number":
            return _number(value, whole=schema["type"] == "integer")
        case "boolean" if isinstance(value, str):
            return _BOOLEANS.get(folded(value), value)
        case "string" if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        case "null" if isinstance(value, str) and folded(value) in {"null", "none", ""}:
            return None
    return value


def _any_of(value: Any, choices: list[Mapping[str, Any]], names: Mapping[str, str], drop_unknown: bool) -> Any:
    for choice in choices:
        candidate = fitted(value, choice, names, drop_unknown=drop_unknown)
        if reply_validator(choice).is_valid(candidate):
            return candidate
    return value


def _choice(value: Any, choices: list[Any], names: Mapping[str, str]) -> Any:
    if value in choices or isinstance(value, dict | list):
        return value
    by_text = {str(choice): choice for choice in choices}
    found = chosen(str(value), by_text, names)
    return value if found is None else by_text[found]


def _object(value: dict[str, Any], schema: Mapping[str, Any], names: Mapping[str, str], drop_unknown: bool
            ) -> dict[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    known: dict[str, Any] = {}
    for key, part in value.items():
        name = key if key in properties else chosen(key, properties.keys() - value.keys())
        if name is not None:
            known[name] = fitted(part, properties[name], names, drop_unknown=drop_unknown)
        elif not drop_unknown or schema.get("additionalProperties", True) is not False:
            known[key] = part
    return known


def _number(value: Any, *, whole: bool) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if re.search(r"[.eE]", value) or len(value) > DIGITS else int(value)
    # Beyond what 64 bits hold, a whole number stays with its point: nothing could store it.
    if whole and isinstance(value, float) and value.is_integer() and abs(value) < 10.0 ** DIGITS:
        return int(value)
    return value
