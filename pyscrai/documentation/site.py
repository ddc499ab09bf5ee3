"""The built site of the documentation: where its files are, and how they may be shown."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

PACKAGED = Path(__file__).parent.parent / "_docs"
BUILT = Path(__file__).parent.parent.parent / "build" / "docs"

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
    ".webp": "image/webp", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8", ".yaml": "text/plain; charset=utf-8", ".ipynb": "application/json",
    ".xml": "application/xml"}
"""Kinds of file that are served; no other is."""

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def site_folder() -> Path | None:
    """The folder of the built site: that of the wheel, else that of `make docs`; None where there is none."""
    return next((folder for folder in (PACKAGED, BUILT) if (folder / "index.html").is_file()), None)


def site_file(path: str) -> Path | None:
    """The file for an address below the site, or None where there is none.

    Args:
        path: below the site; a folder stands for its ``index.html``.
    """
    folder = site_folder()
    if folder is None or "\0" in path or len(path) > 500:
        return None
    root = folder.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        return None
    if found.is_dir():
        found /= "index.html"
    return found if found.suffix in MEDIA_TYPES and found.is_file() else None


@lru_cache(maxsize=512)
def policy(page: str) -> str:
    """The content policy of a page: its own files, its own server and its own inline scripts, named by their hashes."""
    hashes = {b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _INLINE.findall(page)}
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in sorted(hashes))])
    return (f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            "connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'")
