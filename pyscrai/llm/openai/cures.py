"""The cure for a refusal: which field of the alias makes a request that this endpoint takes."""

from __future__ import annotations

import re
from collections.abc import Collection

BOUNDS = ("max_tokens", "max_completion_tokens")
"""The two names of the bound on a reply's tokens; which one an endpoint takes is found out by asking."""

_NO_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)s?[^.]{0,60}(?:not|n't|un)"
    r"|(?:not|n't|un)[^.]{0,60}system (?:role|message|prompt|instruction)"
    r"|developer instruction|only user and assistant roles|roles must alternate", re.IGNORECASE)
_NO_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided_json|grammar", re.IGNORECASE)
_NO_STREAM = re.compile(r"stream_options", re.IGNORECASE)


def cure_for(status: int, said: str, param: str, *, sent: Collection[str], key_env: str | None) -> str | None:
    """The alias's setting that mends a refusal, or None where none is known.

    Args:
        said: the endpoint's message.
        param: the field that it names, if it does.
        sent: the fields of the request.
    """
    if status in (401, 403):
        return (f"check the key in the environment variable {key_env}" if key_env
                else "the alias names no key; set api_key_env to the name of an environment variable")
    if status == 404:
        return "check the alias's base_url and model with `pyscrai models check`"
    if 300 <= status < 400:
        return "the endpoint redirects; set base_url to where it really is"
    if status not in (400, 422, 500, 501):
        return None
    if _NO_SYSTEM.search(said):
        return 'set system = "user" in the alias: the instructions then stand in front of the first user message'
    is_bound = bool({"response_format", "grammar"} & set(sent))
    if is_bound and (_NO_SCHEMA.search(said) or param.startswith("response_format")):
        return 'set structured = "json_object" or "prompt" in the alias: the schema then stands in the prompt'
    if _NO_STREAM.search(said) or param == "stream_options":
        return 'set omit = ["stream_options"] in the alias; tokens of streamed replies are then not counted'
    if named := refused_field(said, param, sent):
        return f'set omit = ["{named}"] in the alias: the field is then not sent'
    return "a field that the model does not take can be left out with `omit` in its alias" if status < 500 else None


def refused_field(said: str, param: str, sent: Collection[str]) -> str | None:
    """The field of the request that a refusal names, if it names one."""
    if param in sent:
        return param
    names = [name for name in sent if name not in ("messages", "model")]
    return next((name for name in sorted(names, key=len, reverse=True)
                 if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)), None)


def other_bound(said: str, sent: Collection[str]) -> str | None:
    """The other name of the bound, where the endpoint refuses the one that was sent."""
    for name, other in (BOUNDS, BOUNDS[::-1]):
        if name in sent and re.search(rf"(?<!\w){name}(?!\w)", said) and re.search(
                rf"(?<!\w){other}(?!\w)|not support|unsupported|unrecogni[sz]ed|unknown|not permitted|extra", said,
                re.IGNORECASE):
            return other
    return None
