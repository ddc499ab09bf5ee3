"""Exports that are sent: written to a temporary file first, so that memory is bounded, an error is an answer with a
status, and no transaction stands open for as long as somebody downloads.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pyscrai.errors import PyscraiError, RunError

AT_ONCE = 2
"""Exports that are written at the same time."""

MOST_WAITING = 10
"""Exports that wait for their turn; another one is refused."""

PIECE = 256 * 1024
"""Bytes that are sent at once."""

INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; sandbox"
"""The content policy of what is exported: nothing in it runs or loads, whatever a model wrote."""


class ExportFiles:
    """Writes exports, a few at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def file(self, write: Callable[[IO[bytes]], Awaitable[object]]) -> IO[bytes]:
        """A file that was written and stands at its beginning; whoever sends it closes it.

        Raises:
            RunError: many exports wait already.
            PyscraiError: there is no room for it.
        """
        if self._waiting >= MOST_WAITING:
            raise RunError(f"{self._waiting} exports wait to be written", code="request.busy", retry_after=10,
                           cure="ask again in a few seconds")
        self._waiting += 1
        try:
            async with self._turns:
                return await _written(write)
        finally:
            self._waiting -= 1

    async def archive(self, name: str, write: Callable[[Path], Awaitable[object]]) -> IO[bytes]:
        """As ``file``: a ZIP archive of a folder, which is called by the name in it.

        Args:
            write: fills the folder, which is there and empty.
        """
        async def packed(target: IO[bytes]) -> None:
            place = await asyncio.to_thread(tempfile.mkdtemp, prefix="pyscrai-export-")
            try:
                await write(Path(place))
                await asyncio.to_thread(_pack, Path(place), name, target)
            finally:
                await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

        return await self.file(packed)


class FileAnswer(StreamingResponse):
    """A file as an answer, which closes it however the sending ends.

    Args:
        name: what a browser calls the file.
        shown: a browser shows it, and does not keep it as a file.
    """

    def __init__(self, file: IO[bytes], *, name: str, media_type: str, shown: bool = False) -> None:
        self._file = file
        file.seek(0, 2)
        size = file.tell()
        file.seek(0)
        super().__init__(iter(partial(file.read, PIECE), b""), media_type=media_type, headers={
            "content-length": str(size), **({} if shown else download_headers(name))})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def download_headers(name: str) -> Mapping[str, str]:
    """The headers of what a browser keeps as a file of this name."""
    told = f'filename="{name}"' if name.isascii() else f"filename*=utf-8''{quote(name)}"
    return {"content-disposition": f"attachment; {told}", "content-security-policy": INERT}


async def _written(write: Callable[[IO[bytes]], Awaitable[object]]) -> IO[bytes]:
    try:
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(prefix="pyscrai-export-"))
            await write(file)
            file.flush()
            stack.pop_all()
            return file
    except OSError as error:
        raise PyscraiError(f"the export cannot be written: {error.strerror or error}", code="export.unavailable",
                           cure="the server's folder for temporary files (TMPDIR) needs room") from None


def _pack(place: Path, name: str, target: IO[bytes]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(place.rglob("*")):
            if path.is_file():
                archive.write(path, f"{name}/{path.relative_to(place).as_posix()}")
