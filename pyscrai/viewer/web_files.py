"""The files of the viewer, and the page that loads them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path, PurePosixPath

WEB = Path(__file__).parent / "web"

MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
               ".txt": "text/plain; charset=utf-8"}

PAGE = "index.html"

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          "require-trusted-types-for 'script'")
"""The content policy of the page: its own files and its own server, no inline script or style, no ``eval``."""


@cache
def web_files() -> dict[str, Path]:
    """Every file that the page may ask for, by its path below ``web``."""
    return {path.relative_to(WEB).as_posix(): path for path in sorted(WEB.rglob("*"))
            if path.suffix in MEDIA_TYPES and path.is_file()}


@cache
def stamp() -> str:
    """A name that changes with any file, so that a browser may keep all of them for good."""
    digest = hashlib.sha256()
    for name, path in web_files().items():
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def page(folder: str) -> str:
    """The page, with its files in ``folder``; modules are named up front, so that they load side by side."""
    text = (WEB / PAGE).read_text(encoding="utf-8")
    text = re.sub(r'\b(src|href)="(?![a-z]+:|[#/])', rf'\1="{folder}/', text)
    modules = [name for name in web_files() if PurePosixPath(name).suffix == ".js"]
    links = "\n".join(f'<link rel="modulepreload" href="{folder}/{name}">' for name in modules)
    return text.replace("</head>", f"{links}\n</head>")
