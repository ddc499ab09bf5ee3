"""Turn what an endpoint answers instead of a completion into a ``ModelError`` of the right kind.

Of an endpoint's own words only the message is kept, without the key in any form, and cut to length.
"""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyscrai.errors import (
    LONGEST_RETRY,
    ModelClosed,
    ModelContextExceeded,
    ModelError,
    ModelRateLimited,
    ModelRefused,
    ModelReplyMalformed,
    ModelServerError,
    ModelTimeout,
)
from pyscrai.llm.openai.cures import cure_for
from pyscrai.plain_text import storable
from pyscrai.redaction import Redaction

_CONTEXT_CODES = {"context_length_exceeded", "exceed_context_size_error"}
_CONTEXT_WORDS = re.compile(r"maximum context length|context (length|size|window)|too many tokens|prompt is too long",
                            re.IGNORECASE)
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached"}
_BAD_JSON_CODES = {"json_validate_failed"}
"""Groq checks what the model wrote itself."""
_RETRY_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_SHOWN = 300
"""Characters of an endpoint's own words that go into a message."""
_READ = 20_000
"""Characters of them that are looked at."""
_LONGEST_WAIT = 30 * 86_400.0
"""Seconds beyond which a wait that an endpoint asks for is not believed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The alias that was asked, for error messages; ``key_env`` names the variable that holds its key."""

    alias: str
    key_env: str | None = None
    redaction: Redaction = field(default_factory=lambda: Redaction(None))

    def words(self, text: str) -> str:
        """Return an endpoint's words without the key, cut to length."""
        text = " ".join(self.redaction.cut(storable(text[:_READ])).split())
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def from_status(status: int, headers: Mapping[str, str], body: bytes, asked: Asked, *,
                sent: Collection[str] = ()) -> ModelError:
    """The error for an answer other than 200.

    Args:
        sent: the fields of the request, which the cure may name.
    """
    problem = _problem(body)
    said = asked.words(_said(problem, body, headers.get("Content-Type", "")))
    code, kind = _word(problem.get("code"), asked), _word(problem.get("type"), asked)
    about: dict[str, Any] = {"status": status, "alias": asked.alias}
    if code or kind:
        about["provider_code"] = code or kind
    wait = retry_after(headers, problem)
    kinds = {code, kind}
    if status in (400, 413, 422, 500) and (kinds & _CONTEXT_CODES or (status < 500 and _CONTEXT_WORDS.search(said))):
        about.update({name: problem[name] for name in ("n_prompt_tokens", "n_ctx")
                      if isinstance(problem.get(name), int) and 0 <= problem[name] < 2**53})
        return ModelContextExceeded(f"{asked.alias}: the prompt is longer than the model's context: {said}", **about,
                                    cure="a smaller memory window, or an alias with a longer context")
    if status == 400 and kinds & _BAD_JSON_CODES:
        return ModelReplyMalformed(f"{asked.alias}: the model did not write what the schema asks for: {said}",
                                   cure='set structured = "prompt" in the alias if that happens often', **about)
    if status == 429 and kinds & _QUOTA_CODES:
        return ModelRefused(f"{asked.alias}: the account's quota is used up: {said}", **about,
                            cure="check the plan and billing of the account")
    is_passing = status in (408, 409, 425, 429) or status >= 500
    if is_passing and wait is not None and wait > LONGEST_RETRY:
        return _closed(wait, said, asked, about)
    if status == 429:
        return ModelRateLimited(f"{asked.alias}: too many requests: {said}", retry_after=wait, **about)
    if status == 408:
        return ModelTimeout(f"{asked.alias}: the endpoint gave up waiting: {said}", retry_after=wait, **about)
    param = problem.get("param")
    cure = cure_for(status, said, param if isinstance(param, str) else "", sent=sent, key_env=asked.key_env)
    if is_passing:
        return ModelServerError(f"{asked.alias}: the endpoint answered {status}: {said}", retry_after=wait, cure=cure,
                                **about)
    return ModelRefused(f"{asked.alias}: the endpoint refused with {status}: {said}", cure=cure, **about)


def from_error_object(error: Any, asked: Asked) -> ModelError:
    """The error for ``{"error": ...}`` under a status of 200 or inside a stream."""
    code = error.get("code") if isinstance(error, Mapping) else None
    body = json.dumps({"error": error}).encode()
    if isinstance(code, str) and len(code) == 3 and code.isascii() and code.isdecimal():
        code = int(code)
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
        return from_status(code, {}, body, asked)
    problem = _problem(body)
    if {_word(code, asked), _word(problem.get("type"), asked)} & _CONTEXT_CODES:
        return from_status(400, {}, body, asked)
    return ModelServerError(f"{asked.alias}: the endpoint reported an error: {asked.words(_said(problem, body, ''))}",
                            alias=asked.alias)


def malformed(what: str, asked: Asked, body: bytes = b"") -> ModelReplyMalformed:
    """The error for a 200 that holds no chat completion."""
    shown = f": {asked.words(body[:_READ].decode(errors='replace'))!r}" if body else ""
    return ModelReplyMalformed(f"{asked.alias}: {what}{shown}", alias=asked.alias,
                               cure="does base_url point to an OpenAI-compatible API, with its /v1?")


def retry_after(headers: Mapping[str, str], problem: Mapping[str, Any] | None = None) -> float | None:
    """Seconds that the answer asks to wait: in a header, as seconds or a date, or in Google's ``retryDelay``."""
    try:
        if (milliseconds := headers.get("retry-after-ms")) is not None:
            return _seconds(float(milliseconds) / 1000)
        value = headers.get("Retry-After")
        if value is None:
            return _delay(problem or {})
        if value.strip().replace(".", "", 1).isdigit():
            return _seconds(float(value))
        return _seconds(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds(value: float) -> float | None:
    return max(0.0, value) if math.isfinite(value) and value <= _LONGEST_WAIT else None


def _delay(problem: Mapping[str, Any]) -> float | None:
    details = problem.get("details")
    for each in details if isinstance(details, list) else ():
        delay = each.get("retryDelay") if isinstance(each, dict) else None
        if isinstance(delay, str) and (found := _RETRY_DELAY.fullmatch(delay)):
            return _seconds(float(found[1]))
    return None


def _closed(wait: float, said: str, asked: Asked, about: Mapping[str, Any]) -> ModelClosed:
    opens = datetime.fromtimestamp(time.time() + wait, UTC).replace(microsecond=0)
    return ModelClosed(
        f"{asked.alias}: the endpoint takes no request until {opens:%Y-%m-%d %H:%M} UTC: {said}",
        retry_after=wait, retry_at=opens.isoformat().replace("+00:00", "Z"),
        cure="resume the run then, or now with another alias", **about)


def _problem(body: bytes) -> dict[str, Any]:
    """The error object in a body, in any of the shapes that endpoints use."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(data, list) and data:  # Google's compatible endpoint answers with a list of one
        data = data[0]
    if not isinstance(data, dict):
        return {}
    error = data.get("error", data)
    return error if isinstance(error, dict) else {"message": error}


def _said(problem: Mapping[str, Any], body: bytes, kind: str) -> str:
    """An endpoint's message, and nothing else that its answer holds."""
    metadata = problem.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str):  # OpenRouter says "Provider returned error"; the provider's own words are here
        inner = _problem(raw[:_READ].encode("utf-8", "replace"))
        if isinstance(found := inner.get("message"), str) and found:
            return found
    for name in ("message", "detail", "msg"):
        found = problem.get(name)
        if isinstance(found, str) and found.startswith("{"):  # Mistral puts FastAPI's list there, in JSON or not
            found = _problem(found[:_READ].encode("utf-8", "replace"))
        if isinstance(found, dict):
            found = found.get("detail")
        if isinstance(found, list):
            found = "; ".join(filter(None, map(_validation, found[:5])))
        if isinstance(found, str) and found.strip():
            return found
    if problem or not body.strip():
        return "no message"
    text = body[:_READ].decode(errors="replace")
    if "html" in kind or text.lstrip()[:1] == "<":
        return "a page of HTML"
    return "no message" if text.lstrip()[:1] in ("{", "[") else text


def _validation(each: Any) -> str:
    """One of FastAPI's validation errors: the field and what is wrong with it."""
    if not isinstance(each, dict) or not isinstance(each.get("msg"), str):
        return ""
    place = each.get("loc")
    names = [name for name in place if isinstance(name, str) and name != "body"] if isinstance(place, list) else []
    return ": ".join([".".join(names), each["msg"]] if names else [each["msg"]])


def _word(value: Any, asked: Asked) -> str:
    """A code as a short word; empty where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return asked.words(str(value)[:80]) if not isinstance(value, int) or abs(value) < 2**53 else ""
