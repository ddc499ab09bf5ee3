"""The viewer's page and its files. They hold no data: that comes from the API, with its rules."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from pyscrai.viewer.web_files import POLICY, assets, page, stamp

FOLDER = "viewer"

FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
"""The address of a file changes with its content, so a browser keeps it."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def viewer() -> Response:
    """The page; what it shows is decided by the part of the address behind ``#``, which no server sees."""
    return Response(page(f"{FOLDER}/{stamp()}"), media_type="text/html; charset=utf-8",
                    headers={"content-security-policy": POLICY, "cache-control": "no-cache"})


@router.get(f"/{FOLDER}/{{version}}/{{name}}")
async def viewer_file(version: str, name: str, request: Request) -> Response:
    """A file of the page."""
    asset = assets().get(name)
    if asset is None or version != stamp():
        raise HTTPException(404, "there is no such file")
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers={**FOR_GOOD, "content-encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=FOR_GOOD)
