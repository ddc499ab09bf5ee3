"""Templates: listed, read, stored as immutable versions, validated, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.api.access import Admin, Controller, Reader
from pyscrai.databases.api.dependencies import Context, Ctx, Session, Writing
from pyscrai.databases.api.problems import Mistake
from pyscrai.databases.api.schemas.base import Listing, TemplateName, VersionName, problems
from pyscrai.databases.api.schemas.templates import (
    GraphView,
    Stored,
    TemplateDetail,
    TemplateSummary,
    TemplateText,
    Validity,
)
from pyscrai.databases.repositories.templates import Templates, agent_templates, scenario_templates
from pyscrai.databases.tables import TemplateRow
from pyscrai.errors import Problem, TemplateError
from pyscrai.factories.template_store import store_templates
from pyscrai.services.scenario_graphs import draw
from pyscrai.templates.checks.checker import catalogue, errors, validate
from pyscrai.templates.json_schema import schema
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.reading.loader import LoadedTemplate, Reading, read_data, read_text

router = APIRouter(tags=["templates"])

Kind = Literal["scenarios", "agents"]
Name = Annotated[TemplateName, Path(examples=["two-agent-conversation"])]
Version = Annotated[VersionName, Path(examples=["1.0.0"])]


@router.get("/templates/{kind}", operation_id="list_templates", responses=problems())
async def list_templates(kind: Kind, session: Session, caller: Reader, name: TemplateName | None = None,
                         every_version: bool = False, archived: bool = False) -> Listing[TemplateSummary]:
    """Stored templates, each with its newest version or with all of them."""
    rows = await _of(kind, session).list(name=name, every_version=every_version, archived=archived)
    return Listing[TemplateSummary](items=[TemplateSummary(**_summary(kind, row)) for row in rows])


@router.post("/templates", operation_id="store_templates", status_code=201, responses=problems(409))
async def store(body: TemplateText, context: Ctx, caller: Controller) -> Stored:
    """Store templates as new versions. A version that is stored with another content is refused, with the cure."""
    reading, _, _ = await validated(body, context)
    loaded: Sequence[LoadedTemplate] = reading.templates
    return Stored(stored=await store_templates(context.services.database, list(loaded)))


@router.post("/templates/validate", operation_id="validate_templates", responses=problems())
async def validate_templates(body: TemplateText, context: Ctx, caller: Reader) -> Validity:
    """Check templates without storing them: every mistake at once, as `pyscrai validate` names them."""
    reading, found, _ = await validated(body, context)
    return Validity(valid=True, templates=[loaded.reference for loaded in reading.templates],
                    warnings=[Mistake(**problem.as_dict()) for problem in found])


@router.get("/templates/{kind}/{name}/versions", operation_id="list_versions", responses=problems(404))
async def list_versions(kind: Kind, name: Name, session: Session, caller: Reader) -> Listing[TemplateSummary]:
    """All versions of a template, the newest first, archived ones too."""
    repository = _of(kind, session)
    rows = await repository.list(name=name, every_version=True, archived=True)
    if not rows:
        await repository.get(name)
    return Listing[TemplateSummary](items=[TemplateSummary(**_summary(kind, row)) for row in rows])


@router.get("/templates/{kind}/{name}", operation_id="read_newest_template", responses=problems(404))
async def read_newest(kind: Kind, name: Name, session: Session, caller: Reader) -> TemplateDetail:
    """The newest version of a template."""
    return await _read(kind, name, session)


@router.get("/templates/{kind}/{name}/versions/{version}", operation_id="read_template", responses=problems(404))
async def read_template(kind: Kind, name: Name, version: Version, session: Session, caller: Reader) -> TemplateDetail:
    """One version of a template."""
    return await _read(kind, f"{name}@{version}", session)


@router.delete("/templates/{kind}/{name}/versions/{version}", operation_id="archive_template", status_code=204,
               response_class=Response, responses=problems(404, 409))
async def archive_template(kind: Kind, name: Name, version: Version, caller: Admin, session: Writing) -> None:
    """Archive a version: it is found by its number alone. Refused while runs refer to it."""
    await _of(kind, session).archive(f"{name}@{version}")


@router.get("/templates/scenarios/{name}/versions/{version}/graph", operation_id="read_graph", response_model=GraphView,
            responses={**problems(404), 200: {"content": {"text/vnd.mermaid": {"schema": {"type": "string"}}}}})
async def read_graph(name: Name, version: Version, context: Ctx, caller: Reader,
                     format: Annotated[Literal["json", "mermaid"], Query()] = "json") -> Response:
    """The graph that a scenario compiles to: who can follow whom."""
    drawing = await draw(context.services.database, f"{name}@{version}")
    if format == "mermaid":
        return PlainTextResponse(drawing.mermaid, media_type="text/vnd.mermaid")
    return JSONResponse({
        "template": f"{name}@{version}", "mermaid": drawing.mermaid, **drawing.as_dict()})


@router.get("/schemas/{kind}", operation_id="read_schema", responses=problems())
async def read_schema(kind: Literal["scenario", "agent"], caller: Reader) -> dict[str, Any]:
    """The JSON Schema of a kind of template, for editors."""
    return schema(kind)


async def validated(body: TemplateText, context: Context
                    ) -> tuple[Reading, list[Problem], Mapping[str, AgentTemplate]]:
    """The scenario that was sent, its warnings, and the stored agents that it may name.

    Raises:
        TemplateError: with every mistake.
    """
    async with context.services.database.read() as session:
        rows = await agent_templates(session).list(every_version=True)
    stored = [row.content for row in rows]

    def check() -> tuple[Reading, list[Problem], Mapping[str, AgentTemplate]]:
        agents = catalogue(AgentTemplate.model_validate(content) for content in stored)
        reading = read_text(body.source) if body.source is not None else read_data(body.content)
        return reading, validate([reading], agents), agents

    reading, found, agents = await context.texts.work(check)
    if errors(found):
        raise TemplateError(found, message=f"{len(errors(found))} mistakes keep this from being played")
    return reading, found, agents


async def _read(kind: Kind, reference: str, session: AsyncSession) -> TemplateDetail:
    row = await _of(kind, session).get(reference)
    return TemplateDetail(**_summary(kind, row), content=row.content, source=row.source)


def _of(kind: Kind, session: Any) -> Templates[Any]:
    return scenario_templates(session) if kind == "scenarios" else agent_templates(session)


def _summary(kind: Kind, row: TemplateRow) -> dict[str, Any]:
    content = row.content
    return {"kind": kind.removesuffix("s"), "name": row.name, "version": row.version,
            "title": content.get("title", ""), "description": content.get("description", ""),
            "content_hash": row.content_hash, "shipped": row.shipped, "archived": row.archived_at is not None,
            "created_at": row.created_at.isoformat(timespec="milliseconds")}
