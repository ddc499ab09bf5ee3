"""Turn what an endpoint answers instead of a completion into a ``ModelError`` of the right kind."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from pyscrai.errors import (
    ModelContextExceeded,
    ModelError,
    ModelRateLimited,
    ModelRefused,
    ModelReplyMalformed,
    ModelServerError,
    ModelTimeout,
)

_CONTEXT_CODES = {"context_length_exceeded", "exceed_context_size_error"}
_CONTEXT_WORDS = re.compile(r"maximum context length|context (length|size|window)|too many tokens|prompt is too long",
                            re.IGNORECASE)
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached"}
_SHOWN = 300
"""Characters of an endpoint's own words that go into a message."""


def from_status(status: int, headers: Mapping[str, str], body: bytes, *, alias: str, key_env: str | None,
                ) -> ModelError:
    """The error for an answer other than 200; ``body`` must not hold the key any more."""
    problem = _problem(body)
    said, code = _said(problem, body), str(problem.get("code") or problem.get("type") or "")
    about: dict[str, Any] = {"status": status, "alias": alias}
    if code:
        about["provider_code"] = code
    wait = retry_after(headers)
    kinds = {code, str(problem.get("type") or "")}
    if status in (400, 413, 422, 500) and (kinds & _CONTEXT_CODES or (status < 500 and _CONTEXT_WORDS.search(said))):
        about.update({name: problem[name] for name in ("n_prompt_tokens", "n_ctx") if name in problem})
        return ModelContextExceeded(f"{alias}: the prompt is longer than the model's context: {said}", **about,
                                    cure="a smaller memory window, or an alias with a longer context")
    if status == 429:
        if kinds & _QUOTA_CODES:
            return ModelRefused(f"{alias}: the account's quota is used up: {said}", **about,
                                cure="check the plan and billing of the account")
        return ModelRateLimited(f"{alias}: too many requests: {said}", retry_after=wait, **about)
    if status == 408:
        return ModelTimeout(f"{alias}: the endpoint gave up waiting: {said}", retry_after=wait, **about)
    if status >= 500 or status in (409, 425):
        return ModelServerError(f"{alias}: the endpoint answered {status}: {said}", retry_after=wait, **about)
    cure = _cure(status, key_env)
    return ModelRefused(f"{alias}: the endpoint refused with {status}: {said}", cure=cure, **about)


def from_error_object(error: Any, *, alias: str, key_env: str | None) -> ModelError:
    """The error for ``{"error": ...}`` under a status of 200 or inside a stream."""
    code = error.get("code") if isinstance(error, Mapping) else None
    body = json.dumps({"error": error}).encode()
    if isinstance(code, int) and 400 <= code < 600:
        return from_status(code, {}, body, alias=alias, key_env=key_env)
    if {str(code), str(_problem(body).get("type"))} & _CONTEXT_CODES:
        return from_status(400, {}, body, alias=alias, key_env=key_env)
    return ModelServerError(f"{alias}: the endpoint reported an error: {_said(_problem(body), body)}", alias=alias)


def malformed(what: str, *, alias: str, body: bytes = b"") -> ModelReplyMalformed:
    """The error for a 200 that holds no chat completion."""
    shown = f": {_short(body.decode(errors='replace'))!r}" if body else ""
    return ModelReplyMalformed(f"{alias}: {what}{shown}", alias=alias,
                               cure="does base_url point to an OpenAI-compatible API, with its /v1?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait: ``retry-after-ms``, or ``Retry-After`` as seconds or a date."""
    try:
        if (milliseconds := headers.get("retry-after-ms")) is not None:
            return max(0.0, float(milliseconds) / 1000)
        value = headers.get("Retry-After")
        if value is None:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _problem(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    if isinstance(data, list) and data:  # Google's compatible endpoint answers with a list of one
        data = data[0]
    if not isinstance(data, dict):
        return {}
    error = data.get("error", data)
    return error if isinstance(error, dict) else {"message": str(error)}


def _said(problem: Mapping[str, Any], body: bytes) -> str:
    said = problem.get("message") or problem.get("detail") or body.decode(errors="replace")
    return _short(str(said)) or "nothing"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _cure(status: int, key_env: str | None) -> str | None:
    if status in (401, 403):
        return (f"check the key in the environment variable {key_env}" if key_env
                else "the alias names no key; set api_key_env to the name of an environment variable")
    if status == 404:
        return "check the alias's base_url and model with `pyscrai models check`"
    if 300 <= status < 400:
        return "the endpoint redirects; set base_url to where it really is"
    if status in (400, 422):
        return "a field that the model does not take can be left out with `omit` in its alias"
    return None
