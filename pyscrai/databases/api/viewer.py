"""The viewer's page and its files. They hold no data: that comes from the API, with its rules."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from pyscrai.viewer.web_files import MEDIA_TYPES, POLICY, page, stamp, web_files

FOLDER = "viewer"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def viewer() -> Response:
    """The page; what it shows is decided by the part of the address behind ``#``, which no server sees."""
    return Response(page(f"{FOLDER}/{stamp()}"), media_type="text/html; charset=utf-8",
                    headers={"content-security-policy": POLICY, "cache-control": "no-cache"})


@router.get(f"/{FOLDER}/{{version}}/{{name:path}}")
async def viewer_file(version: str, name: str) -> FileResponse:
    """A file of the page: its address changes with its content, so a browser keeps it."""
    path = web_files().get(name)
    if path is None or version != stamp():
        raise HTTPException(404, "there is no such file")
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix],
                        headers={"cache-control": "public, max-age=31536000, immutable"})
