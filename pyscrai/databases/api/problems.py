"""Errors over HTTP: RFC 9457 problem details, and the one table from error codes to statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from pyscrai.databases.api.forms import told
from pyscrai.documentation.error_codes.table import address
from pyscrai.errors import PyscraiError

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[str, int] = {
    "not_found": 404,
    "run.ambiguous": 404,
    "run.wrong_state": 409,
    "run.answered": 409,
    "run.playing": 409,
    "run.has_forks": 409,
    "run.taken": 409,
    "run.fenced": 409,
    "template.version_conflict": 409,
    "experiment.ambiguous": 404,
    "experiment.frozen": 409,
    "experiment.amendment": 409,
    "experiment.taken": 409,
    "experiment.wrong_state": 409,
    "experiment.not_frozen": 409,
    "experiment.cancelled": 409,
    "experiment.no_judges": 409,
    "experiment.no_results": 409,
    "template.in_use": 409,
    "idempotency.in_progress": 409,
    "replay.diverged": 409,
    "auth.missing": 401,
    "auth.unknown": 401,
    "auth.scope": 403,
    "request.origin": 403,
    "request.host": 421,
    "request.too_large": 413,
    "request.media_type": 415,
    "request.rate": 429,
    "request.streams": 429,
    "request.busy": 503,
    "request.url_too_long": 414,
    "request.headers_too_large": 431,
    "request.malformed": 400,
    "export.unavailable": 503,
    "config.unknown_alias": 422,
    "engine.prompt": 422,
    "model.timeout": 504,
    "run.internal": 500,
    # Whole families, looked up by what stands before the dot.
    "template": 422,
    "compile": 422,
    "experiment": 422,
    "request": 422,
    "idempotency": 422,
    "run": 422,
    "config": 503,
    "engine": 502,
    "model": 502,
    "storage": 503,
}
"""Error code, or family of codes, to HTTP status."""

_log = structlog.get_logger("pyscrai.api")


class Mistake(BaseModel):
    """One of the mistakes that a problem is made of: where it is, what is wrong, and the cure."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str
    field: str = ""
    cure: str | None = None
    line: int | None = None
    column: int | None = None


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457). ``code`` is stable; ``cure`` says what to do, ``type`` is the code's page."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{
        "type": "/docs/errors/run.wrong_state/", "title": "Conflict", "status": 409,
        "code": "run.wrong_state", "detail": "run_0ab1cd2ef3gh is completed and cannot be paused",
        "cure": "fork it, replay it or delete it", "instance": "/api/v1/runs/run_0ab1cd2ef3gh/pause"}]})

    type: str
    title: str
    status: int
    code: str
    detail: str
    cure: str | None = None
    instance: str | None = None
    problems: list[Mistake] = Field(default_factory=list)


def status_of(code: str) -> int:
    """The HTTP status of an error code."""
    return STATUSES.get(code) or STATUSES.get(code.partition(".")[0], 500)


def problem(code: str, detail: str, *, cure: str | None = None, instance: str | None = None,
            problems: Sequence[Mapping[str, Any]] = (), status: int | None = None,
            headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """A problem response."""
    number = status or status_of(code)
    body = {"type": _page(code), "title": HTTPStatus(number).phrase, "status": number, "code": code,
            "detail": detail, "cure": cure, "instance": instance, "problems": list(problems), **more}
    return Response(orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS), status_code=number,
                    media_type=MEDIA_TYPE, headers=dict(headers or {}))


def _page(code: str) -> str:
    """The address of what the documentation says about a code."""
    page = address(code)
    return f"/docs/{page}" if page else "about:blank"


async def _named(request: Request, error: Exception) -> Response:
    assert isinstance(error, PyscraiError)
    told = error.as_dict()
    fields = {key: told.pop(key, None) for key in ("code", "message", "cure", "problems")}
    if status_of(error.code) >= 500:
        _log.warning("api.problem", code=error.code, error=str(error))
    headers = {"www-authenticate": "Bearer"} if status_of(error.code) == 401 else {}
    if (wait := told.get("retry_after")) is not None:
        headers["retry-after"] = str(wait)
    reserved = {"type", "title", "status", "detail", "instance"}
    return problem(error.code, error.message, cure=error.cure, instance=request.url.path,
                   problems=fields["problems"] or (), headers=headers,
                   **{key: value for key, value in told.items() if key not in reserved})


async def _unfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = []
    for item in error.errors():
        place, *path = [str(part) for part in item["loc"]] or ["body"]
        found.append({"code": f"request.{item['type']}", "message": told(item), "field": ".".join(path) or place,
                      "in": place, "cure": None})
    malformed = any(item["type"] == "json_invalid" for item in error.errors())
    code = "request.malformed" if malformed else "request.invalid"
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in found[:5])
    return problem(code, detail, instance=request.url.path, problems=found,
                   cure="see the operation in /api/v1/docs")


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "route.not_found", 405: "route.method", 413: "request.too_large", 400: "request.malformed"}
    return problem(codes.get(error.status_code, f"http.{error.status_code}"), str(error.detail),
                   status=error.status_code, instance=request.url.path, headers=error.headers,
                   cure="see /api/v1/docs for what there is" if error.status_code in codes else None)


async def _unexpected(request: Request, error: Exception) -> Response:
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, PyscraiError):  # what had begun broke off
        _log.warning("api.broken_off", path=request.url.path, code=error.__cause__.code, error=str(error.__cause__))
    else:
        _log.exception("api.unexpected", path=request.url.path, exc_info=error)
    return problem("internal", "the server made a mistake; its log has the details", status=500,
                   instance=request.url.path)


def add_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""
    app.add_exception_handler(PyscraiError, _named)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unexpected)
