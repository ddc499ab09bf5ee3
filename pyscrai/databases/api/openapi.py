"""The OpenAPI document, and an interactive reference that loads nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, RedirectResponse
from starlette.exceptions import HTTPException

from pyscrai.databases.api.problems import ProblemDetails

PREFIX = "/api/v1"

STATIC = Path(__file__).parent / "static"

FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "reference.js": "text/javascript"}

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
          "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'")

TAGS = [
    {"name": "runs", "description": "Runs: made, listed, read, deleted."},
    {"name": "control", "description": "What may be asked of a run: start, pause, step, steer, fork, play again."},
    {"name": "events", "description": "The event log, by range or as it grows."},
    {"name": "records", "description": "Transcript, model calls, states, views, figures, exports."},
    {"name": "seat", "description": "The seat of a person who plays one role: look, listen and reply."},
    {"name": "experiments", "description": "Experiments: planned, frozen, run, judged, analysed, verified."},
    {"name": "templates", "description": "Scenario and agent templates as immutable versions."},
    {"name": "system", "description": "The server itself."},
]

router = APIRouter(include_in_schema=False)

front = APIRouter(include_in_schema=False)
"""Where people and programs look first: the same paths without the API's prefix."""


@front.get("/redoc")
@front.get("/api")
@router.get("/")
async def to_reference() -> RedirectResponse:
    """The reference."""
    return RedirectResponse(f"{PREFIX}/docs")


@front.get("/openapi.json")
async def to_document() -> RedirectResponse:
    """The OpenAPI document."""
    return RedirectResponse(f"{PREFIX}/openapi.json")


@router.get("/docs")
async def reference() -> FileResponse:
    """The interactive reference."""
    return FileResponse(STATIC / "reference.html", media_type="text/html", headers={"content-security-policy": POLICY})


@router.get("/reference/{name}")
async def asset(name: str) -> FileResponse:
    """A file that the reference needs."""
    if name not in FILES:
        raise HTTPException(404, "there is no such file")
    return FileResponse(STATIC / name, media_type=FILES[name], headers={"cache-control": "max-age=3600"})


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: made once, and the same for every client."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes,
                               tags=TAGS, license_info={"name": "MIT", "identifier": "MIT"})
        schemas = document["components"]["schemas"]
        details = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(details.pop("$defs", {}))
        schemas[ProblemDetails.__name__] = details
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        _add_links(document)
        app.openapi_schema = document
    return app.openapi_schema


MAKING = ("create_run", "fork_run", "regenerate_turn")
"""Operations whose answer is a new run."""


def _add_links(document: dict[str, Any]) -> None:
    """Say which operations go on from which answers, and that keys are needed only where the server asks for them."""
    operations = [(path, operation) for path, methods in document["paths"].items() for operation in methods.values()]
    of_runs = [operation["operationId"] for path, operation in operations if "{run_id}" in path]
    for _, operation in operations:
        if "security" in operation:
            operation["security"].append({})
        if operation["operationId"] in MAKING:
            operation["responses"]["201"]["links"] = {name: {
                "operationId": name, "parameters": {"run_id": "$response.body#/run_id"}} for name in of_runs}
        if operation["operationId"] == "list_calls":
            operation["responses"]["200"]["links"] = {"read_call": {
                "operationId": "read_call", "parameters": {"run_id": "$request.path.run_id",
                                                           "call_id": "$response.body#/items/0/id"}}}
