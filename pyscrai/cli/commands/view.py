"""``pyscrai view``: the viewer in a browser."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.open_page import open_page
from pyscrai.cli.parameters import AsJson

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
    from pyscrai.cli.run_lookup import looked_up

    place = ""
    if run is not None:
        async with looked_up(run) as (_, row):
            place = row.id
    return await open_page(f"#/runs/{place}" if place else "", run_id=place, key="viewer", port=port,
                           no_browser=no_browser, as_json=as_json)
