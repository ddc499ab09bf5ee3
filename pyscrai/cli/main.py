"""The command ``pyscrai``: finds the command, runs it, and turns its end into an exit code."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter

from pyscrai.cli import error_report
from pyscrai.cli.exit_codes import Exit
from pyscrai.plain_text import storable

_RUN = ("Play a scenario and show it as it happens.\n\n"
        "Ctrl-C pauses the run after the turn that is being played; `pyscrai resume` lets it go on. Exit codes: 0 the "
        "run came to an end of its own, 1 it failed, 2 the command or a template is wrong, 3 a limit ended it, 4 it "
        "waits for a person, 130 it was interrupted.")

COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("Play", "pyscrai.cli.commands.run:run", _RUN),
    "resume": ("Play", "pyscrai.cli.commands.run:resume", "Let a run that stands go on."),
    "replay": ("Play", "pyscrai.cli.commands.run:replay", "Play a run again from its journal, without a model."),
    "verify": ("Play", "pyscrai.cli.commands.verify:verify", "Check that a run's record was not changed."),
    "measure": ("Play", "pyscrai.cli.commands.measure:measure", "Take a run's measurements and report again."),
    "experiment": ("Play", "pyscrai.cli.commands.experiment:app",
                   "Compare arms over many runs: plan, run, judge, report, verify."),
    "pause": ("Steer", "pyscrai.cli.commands.controls:pause", "Let a run stand after the turn that is being played."),
    "step": ("Steer", "pyscrai.cli.commands.controls:step", "Play the next turn of a run that stands."),
    "stop": ("Steer", "pyscrai.cli.commands.controls:stop", "End a run for good."),
    "inject": ("Steer", "pyscrai.cli.commands.controls:inject", "Put something into the world of a run."),
    "interview": ("Steer", "pyscrai.cli.commands.states:interview", "Ask a role something, apart from the play."),
    "fork": ("Steer", "pyscrai.cli.commands.forks:fork", "Make a run that shares another's past up to a turn."),
    "edit": ("Steer", "pyscrai.cli.commands.forks:edit", "Fork a run where something else was said."),
    "regenerate": ("Steer", "pyscrai.cli.commands.forks:regenerate", "Play a turn again, as a fork."),
    "delete": ("Steer", "pyscrai.cli.commands.controls:delete", "Delete runs for good."),
    "runs": ("Look", "pyscrai.cli.commands.runs:runs", "List the runs."),
    "show": ("Look", "pyscrai.cli.commands.runs:show", "Print a run's transcript."),
    "events": ("Look", "pyscrai.cli.commands.runs:events", "List what happened in a run."),
    "calls": ("Look", "pyscrai.cli.commands.calls:calls", "Show a run's model calls: prompt, reply, tokens, cost."),
    "metrics": ("Look", "pyscrai.cli.commands.results:metrics", "Show what a run took, in all and by role."),
    "report": ("Look", "pyscrai.cli.commands.results:report", "Print the Analyst's report."),
    "state": ("Look", "pyscrai.cli.commands.states:state", "Print a run's state after a turn, and what changed in it."),
    "diff": ("Look", "pyscrai.cli.commands.states:diff", "Compare two runs: where they part, and how they end."),
    "export": ("Look", "pyscrai.cli.commands.export:export", "Write a run as JSON, Markdown, HTML or Parquet."),
    "validate": ("Write", "pyscrai.cli.commands.validate:validate", "Check template files and name every mistake."),
    "graph": ("Write", "pyscrai.cli.commands.validate:graph", "Draw a scenario's graph."),
    "schema": ("Write", "pyscrai.cli.commands.validate:schema", "Print the JSON Schema of a template."),
    "import": ("Write", "pyscrai.cli.commands.validate:import_", "Make templates of files in other formats."),
    "templates": ("Set up", "pyscrai.cli.commands.templates:app", "List, show and add templates."),
    "models": ("Set up", "pyscrai.cli.commands.models:app", "List, check and install models."),
    "serve": ("Serve", "pyscrai.cli.commands.serve:serve", "Serve the viewer and the API, and play runs."),
    "worker": ("Serve", "pyscrai.cli.commands.worker:worker", "Play runs for whoever shares the database."),
    "fleet": ("Serve", "pyscrai.cli.commands.fleet:app", "Show the workers and the queue."),
    "view": ("Look", "pyscrai.cli.commands.view:view", "Open the viewer in a browser, at a run if one is named."),
    "docs": ("Look", "pyscrai.cli.commands.docs:docs", "Open the documentation in a browser, with no network."),
    "explain": ("Look", "pyscrai.cli.commands.explain:explain", "Say what an error code means, and its cure."),
    "keys": ("Serve", "pyscrai.cli.commands.keys:app", "Create, list and revoke API keys."),
    "db": ("Set up", "pyscrai.cli.commands.db:app", "Upgrade and find the database."),
}
"""Command to its group, where it is and what it does. A command's module is imported when it is called."""


def make_app() -> App:
    """All commands."""
    app = App(name="pyscrai", help="Plays scenarios with language models and records all that happens.\n\n"
              "Start with: pyscrai run two-agent-conversation", version=_version, help_format="plaintext",
              default_parameter=Parameter(negative=(), show_default=_default))
    order = ("Play", "Steer", "Look", "Write", "Serve", "Set up")
    groups = {name: Group(name, sort_key=place) for place, name in enumerate(order)}
    app["--help"].group = app["--version"].group = Group("Options", sort_key=9)
    for place, (name, (group, target, text)) in enumerate(COMMANDS.items()):
        app.command(target, name=name, group=groups[group], help=text, sort_key=place)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code, from the table in ``pyscrai.cli.exit_codes``.
    """
    gc.set_threshold(50_000)  # importing half a million objects that stay is a quarter faster for it
    tokens = [_read(token) for token in (sys.argv[1:] if argv is None else argv)]
    as_json = "--json" in tokens
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(tokens)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _quiet()
    except CycloptsError as error:
        return error_report.report_usage(error, tokens, as_json=as_json)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:
        try:
            return error_report.report(error, as_json=as_json)
        except BrokenPipeError:
            return _quiet()


def _read(token: str) -> str:
    """The argument as text: bytes that are no UTF-8 are kept only where they name a file."""
    plain = storable(token)
    return token if plain == token or os.path.lexists(token) else plain


def _dispatch(tokens: list[str]) -> int:
    command, bound, _ = make_app().parse_args(tokens, exit_on_error=False, print_error=False)
    result = command(*bound.args, **bound.kwargs)
    if inspect.iscoroutine(result):
        result = _run(result)
    return int(result or 0)


def _run(command: Coroutine[Any, Any, int | None]) -> int | None:
    try:
        from uvloop import new_event_loop
    except ImportError:  # not on Windows
        return asyncio.run(command)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(command)


def _quiet() -> Exit:
    """Let the rest of the output go nowhere, so that Python's own flush at exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.BROKEN_PIPE


def _default(value: object) -> str | None:
    """Only defaults that say something are shown in help."""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or None
    return None if value in (False, None) else str(value)


def _version() -> str:
    from pyscrai import __version__

    return f"pyscrai {__version__}"
