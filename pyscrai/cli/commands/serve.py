"""``pyscrai serve``: the API over REST, and the process that plays its runs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson


async def serve(
    *, host: Annotated[str | None, Parameter(help="Address to listen on; 127.0.0.1 if left out.")] = None,
    port: Annotated[int | None, Parameter(help="Port; 0 takes a free one.")] = None,
    capacity: Annotated[int | None, Parameter(help="Runs played at the same time.")] = None,
    require_keys: Annotated[bool, Parameter(help="Ask for an API key also on this machine.")] = False,
    no_play: Annotated[bool, Parameter(help="Control only: workers (`pyscrai worker`) play the runs.")] = False,
    as_json: AsJson = False,
) -> int:
    """Serve the viewer and the API, and play the runs that are asked for.

    Ctrl-C ends it: runs pause and go on at the next start.
    """
    from pyscrai.cli.server import serve_with  # a second, which --help need not wait for

    return await serve_with({"host": host, "port": port, "capacity": 0 if no_play else capacity,
                             "require_keys": require_keys or None}, as_json=as_json)
