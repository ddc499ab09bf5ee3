"""``pyscrai mcp``: PyScrAI as tools of an assistant."""

from __future__ import annotations

import importlib.util
from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError


async def mcp(
    *, allow_play: Annotated[bool, Parameter(
        help="Also run, resume and fork, which costs what the model costs; left out, an assistant may only look."
    )] = False,
    http: Annotated[bool, Parameter(help="Serve streamable HTTP on 127.0.0.1 in place of stdin and stdout.")] = False,
    port: Annotated[int, Parameter(help="The port with --http; 0 takes a free one.")] = 8766,
    as_json: AsJson = False,
) -> int:
    """Serve an assistant over the Model Context Protocol: validate, dry_run, look at runs, and play if it is allowed.

    It needs the extra `mcp` (`pip install 'pyscrai[mcp]'`). By default it speaks through stdin and stdout, as
    assistants start it, and ends when stdin is closed.
    """
    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("the library `mcp` is not installed", code="config.extra",
                          cure="pip install 'pyscrai[mcp]'")
    from pyscrai.cli.log_setup import configure_logs
    from pyscrai.config.settings import load_settings
    from pyscrai.mcp_server.server import serve_http, serve_stdio

    settings = load_settings()
    if not http:
        configure_logs(settings)
        await serve_stdio(settings, allow_play=allow_play)
        return 0

    def ready(url: str) -> None:
        if as_json:
            output.json_line({"url": url, "allow_play": allow_play})
        else:
            output.tell(f"PyScrAI serves assistants at {url}. Ctrl-C ends it.")

    configure_logs(settings)
    await serve_http(settings, port=port, allow_play=allow_play, ready=ready)
    return 0
