"""All commands: finds the one that is meant, runs it, and turns its end into an exit code."""

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
from pyscrai.cli.command_table import COMMANDS
from pyscrai.cli.exit_codes import Exit
from pyscrai.plain_text import storable


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


def run(argv: Sequence[str]) -> int:
    """Run one command.

    Returns:
        The exit code, from the table in ``pyscrai.cli.exit_codes``.
    """
    gc.set_threshold(50_000)  # importing half a million objects that stay is a quarter faster for it
    tokens = [_read(token) for token in argv]
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
