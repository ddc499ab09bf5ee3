"""``pyscrai view``: the viewer in a browser."""

from __future__ import annotations

import asyncio
import json
import webbrowser
from http.client import HTTPException
from typing import Annotated
from urllib.error import HTTPError
from urllib.request import urlopen

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output

Named = Annotated[str | None, Parameter(name="RUN", help=(
    "A run's id, a unique beginning of it, or `last`; all runs if left out."))]


async def view(
    run: Named = None, /, *, port: Annotated[int | None, Parameter(help="Port of the server.")] = None,
    no_browser: Annotated[bool, Parameter(help="Only say where it is.")] = False, as_json: AsJson = False,
) -> int:
    """Open the viewer in a browser, at a run if one is named.

    It is the viewer of the server that runs on this machine, where it has the run; else a server is started, which
    Ctrl-C ends.
    """
    from pyscrai.cli.commands.serve import serve_with
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.config.settings import load_settings

    place = ""
    if run is not None:
        async with looked_up(run) as (_, row):
            place = row.id
    server = load_settings().server
    found = await _served(server.host, port or server.port, place)
    where = f"#/runs/{place}" if place else ""

    def ready(viewer: str) -> None:
        if not no_browser and not webbrowser.open(viewer + where):
            output.note(f"No browser could be opened: go to {viewer}{where}")

    if found is None:
        taken = await _is_taken(server.host, port or server.port)
        return await serve_with({"port": 0 if taken and port is None else port}, as_json=as_json, ready=ready)
    if as_json:
        output.json_line({"viewer": found + where})
    else:
        output.say(f"{found}{where}")
    ready(found)
    return 0


async def _served(host: str, port: int, run_id: str) -> str | None:
    """The viewer of a server of ours that listens there and has the run; None where there is none."""
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    try:
        status, health = await asyncio.to_thread(_read, f"{address}api/v1/health")
        if status != 200 or "playing" not in json.loads(health):
            return None
        if run_id and (await asyncio.to_thread(_read, f"{address}api/v1/runs/{run_id}"))[0] not in (200, 401):
            return None     # another database; a server that asks for a key may well have it
    except (OSError, ValueError, HTTPException):
        return None
    return address


def _read(address: str) -> tuple[int, bytes]:
    try:
        with urlopen(address, timeout=2) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, b""


async def _is_taken(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
