"""Runs as files: one run as a document, many as a table, a log, conversations, a data set or a folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Context, Ctx
from pyscrai.databases.api.export_files import FileAnswer, download_headers
from pyscrai.databases.api.forms import EXPERIMENT_ID, RUN_ID
from pyscrai.databases.api.schemas.base import RunId, Tag, problems
from pyscrai.databases.api.schemas.records import ExportedRun
from pyscrai.errors import RunError
from pyscrai.exports.formats import (
    ARCHIVE_MEDIA_TYPE,
    ARCHIVE_SUFFIX,
    MEDIA_TYPES,
    SUFFIXES,
    WITH_CALLS,
    RunFormat,
    RunsFormat,
    media_type,
    renderer,
)
from pyscrai.exports.run_folder import RunFolder
from pyscrai.exports.run_reader import gather
from pyscrai.services.folder_export import with_family, write_run_folder
from pyscrai.services.run_export import Chosen, RunsTable, chosen_runs, write_dataset, write_runs
from pyscrai.services.runs_file import write_runs_file

router = APIRouter(tags=["records"])

Calls = Annotated[bool, Query(description="With the model calls, where the format holds them.")]

_EXPORTED: dict[RunFormat, dict[str, Any]] = {
    "json": {"$ref": f"#/components/schemas/{ExportedRun.__name__}"},
    "jsonl": {"type": "string", "description": "One JSON object a line."},
    "markdown": {"type": "string"}, "html": {"type": "string"}, "parquet": {"type": "string", "format": "binary"},
    "csv": {"type": "string"}, "chat": {"type": "string", "description": "A conversation a line, as JSON."},
    "inspect": {"type": "string", "format": "binary"}, "folder": {"type": "string", "format": "binary"},
    "huggingface": {"type": "string", "format": "binary"}}
"""What each format is, for the OpenAPI document."""


def _content(*formats: RunFormat) -> dict[str, Any]:
    """The media types of formats, each with what it is."""
    return {media_type(name).partition(";")[0]: {"schema": _EXPORTED[name]} for name in formats}


@router.get("/runs/{run_id}/export", operation_id="export_run", response_class=Response, responses={
    **problems(404), 200: {"model": ExportedRun, "content": _content(*_EXPORTED),
                           "description": "The whole record of the run, in the format that was asked for."}})
async def export_run(run_id: RunId, context: Ctx, caller: Reader, format: RunFormat = "json", calls: Calls = True,
                     family: Annotated[bool, Query(
                         description="In a `folder`: also all runs that share its past.")] = False) -> Response:
    """A run as a file: JSON, JSON lines, Markdown, one HTML page that loads and runs nothing, a table, chats, a log.

    `parquet` and `csv` have a row for each event, `chat` has a conversation for each role that spoke, as JSON lines
    with `messages`, and `inspect` is an Inspect log (`.eval`). `folder` opens in a browser with no server, and
    `huggingface` is a data set; both are a ZIP archive.
    """
    database = context.services.database
    if format != "folder" and format != "huggingface":
        async with database.read() as session:
            dossier = await gather(session, run_id, calls=calls and format in WITH_CALLS)
        return StreamingResponse(renderer(format)(dossier), media_type=MEDIA_TYPES[format],
                                 headers=download_headers(f"{run_id}{SUFFIXES[format]}"))
    async with database.read() as session:
        chosen = await chosen_runs(session, runs=[run_id])
    if format == "huggingface":
        return await _dataset(context, chosen, run_id)
    runs = await with_family(database, run_id) if family else [run_id]
    return await _archive(context, run_id, lambda place: write_run_folder(
        database, RunFolder(place), runs, calls=calls))


@router.get("/exports", operation_id="export_runs", response_class=Response, responses={
    **problems(404), 200: {"description": "All of the runs, in the format that was asked for.", "content": _content(
        "csv", "parquet", "jsonl", "chat", "inspect", "huggingface")}})
async def export_runs(
    context: Ctx, caller: Reader,
    tag: Annotated[Tag | None, Query(description="All runs with this tag.")] = None,
    experiment: Annotated[str | None, Query(pattern=EXPERIMENT_ID, description="All runs of this experiment.")] = None,
    run: Annotated[list[Annotated[str, Query(pattern=RUN_ID)]] | None, Query(
        max_length=500, description="These runs.")] = None,
    format: RunsFormat = "csv",
    table: Annotated[RunsTable, Query(
        description="What a row is in `csv`, `parquet` and `jsonl`: a run, a measurement or a turn.")] = "runs",
    calls: Calls = True,
) -> Response:
    """Many runs as one file; name a tag, an experiment, or runs.

    `csv`, `parquet` and `jsonl` are a table. `chat` has a conversation for each role of each run, `inspect` a sample
    for each run. `huggingface` is a data set and `folder` opens in a browser with no server, of an experiment with
    its board, contrasts and report; both are a ZIP archive.
    """
    if sum(each is not None for each in (tag, experiment, run or None)) != 1:
        raise RunError("it is not said which runs are to be exported, or in two ways", code="request.invalid",
                       cure="name one of `tag`, `experiment` and `run`")
    database = context.services.database
    async with database.read() as session:
        chosen = await chosen_runs(session, runs=run or (), tag=tag, experiment=experiment)
    if format == "huggingface":
        return await _dataset(context, chosen, chosen.file_name)
    if format == "folder":
        return await _archive(context, chosen.file_name, lambda place: write_runs_file(
            context.services, chosen, place, format, calls=calls))
    file = await context.exports.file(lambda target: write_runs(
        database, chosen, target, format, table=table, calls=calls))
    name = chosen.file_name if format in ("chat", "inspect") else f"{chosen.file_name}-{table}"
    return FileAnswer(file, name=f"{name}{SUFFIXES[format]}", media_type=MEDIA_TYPES[format])


async def _dataset(context: Context, chosen: Chosen, name: str) -> Response:
    return await _archive(context, f"{name}-dataset", lambda place: write_dataset(
        context.services.database, chosen, place))


async def _archive(context: Context, name: str, write: Callable[[Path], Awaitable[object]]) -> Response:
    """A folder as an answer: what fills it is given the place."""
    return FileAnswer(await context.exports.archive(name, write), name=f"{name}{ARCHIVE_SUFFIX}",
                      media_type=ARCHIVE_MEDIA_TYPE)
