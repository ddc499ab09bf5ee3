"""Which view a run is shown in."""

from __future__ import annotations

from pyscrai.cli.terminal import output
from pyscrai.cli.views.json_view import JsonView
from pyscrai.cli.views.lines_view import LinesView
from pyscrai.cli.views.live_view import LiveView
from pyscrai.cli.views.view import RunView


def choose_view(*, as_json: bool) -> RunView:
    """The view that fits where stdout goes."""
    if as_json:
        return JsonView()
    if output.on_terminal():
        return LiveView()
    return LinesView()
