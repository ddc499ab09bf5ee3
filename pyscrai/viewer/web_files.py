"""The files of the viewer: sources as they are written, and the few that a page loads.

The modules and styles under ``web`` are what ships and what is read; a page gets them joined, so that opening one costs
three requests and not a hundred, and so that the same page opens from disk.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyscrai.viewer.classic_script import classic_script

WEB = Path(__file__).parent / "web"

PAGE = "index.html"

STYLES = ("vendor/uplot.css", "style/base.css", "style/parts.css", "style/play.css", "style/pages.css")
"""In the order in which they count."""

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          "require-trusted-types-for 'script'")
"""The content policy of the page: its own files and its own server, no inline script or style, no ``eval``."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the page loads, as it is and as it travels."""

    media_type: str
    content: bytes
    packed: bytes


@cache
def sources() -> dict[str, Path]:
    """Every module and style by its path below ``web``."""
    return {path.relative_to(WEB).as_posix(): path for path in sorted(WEB.rglob("*"))
            if path.suffix in (".js", ".css", ".svg") and path.is_file()}


@cache
def assets() -> dict[str, Asset]:
    """The files that the page loads, by name."""
    modules = {name: path.read_text(encoding="utf-8") for name, path in sources().items() if path.suffix == ".js"}
    styles = "\n".join(f"/* {name} */\n{(WEB / name).read_text(encoding='utf-8')}" for name in STYLES)
    found = {"app.js": ("text/javascript; charset=utf-8", classic_script(modules)),
             "style.css": ("text/css; charset=utf-8", styles),
             "icon.svg": ("image/svg+xml", (WEB / "icon.svg").read_text(encoding="utf-8")),
             "LICENSES.txt": ("text/plain; charset=utf-8",
                              (WEB / "vendor" / "LICENSES.txt").read_text(encoding="utf-8"))}
    return {name: Asset(kind, text.encode(), gzip.compress(text.encode(), mtime=0))
            for name, (kind, text) in found.items()}


@cache
def stamp() -> str:
    """A name that changes with any file, so that a browser may keep all of them for good."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.content + b"\0")
    return digest.hexdigest()[:16]


def page(folder: str = "") -> str:
    """The page, with its files in ``folder``; beside it where none is named."""
    text = (WEB / PAGE).read_text(encoding="utf-8")
    return re.sub(r'\b(src|href)="(?![a-z]+:|[#/])', rf'\1="{folder}/', text) if folder else text
