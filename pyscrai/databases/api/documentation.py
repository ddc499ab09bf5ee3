"""The documentation, served beside the API: files that hold no data, and need no network."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from pyscrai.documentation.site import MEDIA_TYPES, policy, site_file, site_folder

FOLDER = "docs"

MISSING = ("The documentation was not built. In a checkout of the source `make docs` builds it; a wheel carries it. "
           "Its sources are under docs/.")

router = APIRouter(include_in_schema=False)


@router.get(f"/{FOLDER}")
async def front() -> RedirectResponse:
    """The first page, at an address from which its links lead somewhere."""
    return RedirectResponse(f"{FOLDER}/")


@router.get(f"/{FOLDER}/{{path:path}}")
async def documentation(path: str, request: Request) -> Response:
    """A page or a file of the site."""
    if site_folder() is None:
        return Response(MISSING, 503, media_type="text/plain; charset=utf-8")
    found = await asyncio.to_thread(site_file, path)
    if found is None:
        found, status = await asyncio.to_thread(site_file, "404.html"), 404
        if found is None:
            return Response("There is no such page.", 404, media_type="text/plain; charset=utf-8")
    else:
        status = 200
    if found.name == "index.html" and path and not path.endswith(("/", "index.html")):
        return RedirectResponse(f"{request.url.path}/")
    if found.suffix == ".html":
        return await asyncio.to_thread(_page, found, status)
    return FileResponse(found, media_type=MEDIA_TYPES[found.suffix], headers={"cache-control": "no-cache"})


def _page(path: Path, status: int) -> Response:
    """A page. It is told that the API is there, with which its examples become editors."""
    text = path.read_text(encoding="utf-8")
    told = text.replace("<head>", '<head><meta name="pyscrai-api" content="/api/v1">', 1)
    return Response(told, status, media_type=MEDIA_TYPES[".html"],
                    headers={"content-security-policy": policy(text), "cache-control": "no-cache"})
