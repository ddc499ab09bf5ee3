"""A page of the server in a browser: of the server that runs on this machine, or of one that is started for it."""

from __future__ import annotations

import asyncio
import json
import webbrowser
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

from pyscrai.cli.terminal import output


async def open_page(where: str, *, key: str, port: int | None, no_browser: bool, as_json: bool,
                    run_id: str = "") -> int:
    """Open a page in a browser, and say where it is.

    Args:
        where: the page's address below the server's.
        key: what ``--json`` calls the address.
        run_id: a run that the server must have.
    """
    from pyscrai.cli.server import serve_with
    from pyscrai.config.settings import load_settings

    server = load_settings().server
    found = await _served(server.host, port or server.port, run_id)

    def ready(address: str) -> None:
        if not no_browser and not webbrowser.open(address + where):
            output.note(f"No browser could be opened: go to {address}{where}")

    if found is None:
        taken = await _is_taken(server.host, port or server.port)
        return await serve_with({"port": 0 if taken and port is None else port}, as_json=as_json, ready=ready)
    if as_json:
        output.json_line({key: found + where})
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
