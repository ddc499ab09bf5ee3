"""The entry of ``pyscrai``: a shell that asks for completions is answered before anything else is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code, from the table in ``pyscrai.cli.exit_codes``.
    """
    given = sys.argv[1:] if argv is None else argv
    if len(given) >= 3 and given[0] == "__complete":
        return _complete(given[1], given[2:])
    from pyscrai.cli.app import run

    return run(given)


def _complete(shell: str, given: Sequence[str]) -> int:
    """Answer a shell; a Tab is no place for an error."""
    try:
        from pyscrai.cli.completion.reply import reply

        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        print(reply(shell, given), flush=True)
    except Exception:
        return 1
    return 0
