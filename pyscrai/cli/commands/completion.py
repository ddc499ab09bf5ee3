"""``pyscrai completion``: what makes a shell complete commands, options and values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output

SCRIPTS = Path(__file__).parents[1] / "completion"


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(name="SHELL", help="The shell.")], /, *,
               as_json: AsJson = False) -> None:
    """Print the script that completes commands, options and values (templates, runs, aliases, roles) in a shell.

    In the shell that is open: `eval "$(pyscrai completion bash)"`, likewise with zsh; with fish
    `pyscrai completion fish | source`. For good: put it where the shell looks for it; the documentation of the command
    line says where. The script asks `pyscrai` at every Tab, so it does not age with new versions.
    """
    script = (SCRIPTS / f"pyscrai.{shell}").read_text(encoding="utf-8")
    if as_json:
        output.json_line({"shell": shell, "script": script})
    else:
        output.say(script.rstrip("\n"))
