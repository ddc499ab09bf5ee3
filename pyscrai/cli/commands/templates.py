"""``pyscrai templates``: what is stored, one template as it was written, and storing files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.errors import NotFound
from pyscrai.exports.json_text import dumps

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from pyscrai.databases.tables import TemplateRow

app = App(name="templates", help="List, show and add templates.")

Kind = Literal["scenario", "agent"]


@app.command(name="list")
async def list_(
    *, kind: Annotated[Kind | None, Parameter(help="Only scenarios, or only agents.")] = None,
    versions: Annotated[bool, Parameter(help="Every version, not only the newest.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the stored templates, the shipped ones among them."""
    from pyscrai.cli.services import opened_library
    from pyscrai.cli.terminal.table import table
    from pyscrai.databases.repositories.templates import agent_templates, scenario_templates

    found: list[dict[str, Any]] = []
    async with opened_library() as database, database.read() as session:
        for name, repository in (("scenario", scenario_templates(session)), ("agent", agent_templates(session))):
            if kind in (None, name):
                rows: Sequence[TemplateRow] = await repository.list(every_version=versions)
                found += [_listed(name, row) for row in rows]
    if as_json:
        for each in found:
            output.json_line(each)
        return
    table(("Kind", "Template", "Title", "Origin"), [
        (each["kind"], f"{each['name']}@{each['version']}", each["title"] or "",
         "shipped" if each["shipped"] else "yours") for each in found],
        whole=("Template",), optional=("Origin", "Kind"))


@app.command
async def show(
    template: Annotated[str, Parameter(name="TEMPLATE", help="`name` for the newest, or `name@version`.")], /, *,
    kind: Annotated[Kind | None, Parameter(help="Where a scenario and an agent have the same name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a template as its author wrote it; with --json as it was understood."""
    from pyscrai.cli.services import opened_library
    from pyscrai.databases.repositories.templates import agent_templates, scenario_templates

    async with opened_library() as database, database.read() as session:
        row: TemplateRow = await (
            _either(session, template) if kind is None else
            agent_templates(session).get(template) if kind == "agent" else scenario_templates(session).get(template))
    if as_json:
        output.json_line({**row.content, "content_hash": row.content_hash, "shipped": row.shipped})
    else:
        output.say((row.source or _dumped(row.content)).removeprefix("---\n").rstrip("\n"))


async def _either(session: AsyncSession, template: str) -> TemplateRow:
    """A scenario of this name, or else an agent.

    Raises:
        NotFound: there is neither; the cure is the one for the kind that has the closest name.
    """
    from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
    from pyscrai.did_you_mean import closest

    cures: dict[str, str | None] = {}
    for templates in (scenario_templates(session), agent_templates(session)):
        try:
            return await templates.get(template)
        except NotFound as error:
            cures |= {row.name: error.cure for row in await templates.list()}
    close = closest(template.partition("@")[0], cures)
    raise NotFound(f"no template {template} is stored",
                   cure=cures[close] if close else "`pyscrai templates list` shows what is stored")


@app.command
async def add(
    files: Annotated[Sequence[Path], Parameter(name="FILE", help="YAML or JSON files of templates.")], /, *,
    draft: Annotated[bool, Parameter(help="Store a changed template as its next free version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check template files and store them; all of them or none."""
    from pyscrai.cli.services import opened_services
    from pyscrai.factories.template_store import sound_templates, store_templates
    from pyscrai.templates.reading.loader import read_file

    async with opened_services() as services:
        loaded = await sound_templates(services.database, [read_file(file) for file in files])
        if draft:
            from pyscrai.services.draft_versions import as_drafts

            loaded = await as_drafts(services.database, loaded)
        references = await store_templates(services.database, loaded)
    for item, reference in zip(loaded, references, strict=True):
        if as_json:
            output.json_line({"kind": item.template.kind, "template": reference, "content_hash": item.template.hash})
        else:
            output.say(f"stored {item.template.kind} {reference}")


def _listed(kind: str, row: TemplateRow) -> dict[str, Any]:
    return {"kind": kind, "name": row.name, "version": row.version, "title": row.content.get("title", ""),
            "description": row.content.get("description", ""), "tags": row.content.get("tags", []),
            "shipped": row.shipped, "content_hash": row.content_hash}


def _dumped(content: dict[str, Any]) -> str:

    return dumps(content, indent=2)
