"""Labs that are open when the interpreter ends are closed while threads can still be started.

Closing needs threads (files, databases), and Python ends its thread pools before it calls what ``atexit`` holds.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401  (its own end must stand behind ours, which is called first)
import threading
from collections.abc import Callable

import structlog

_open: dict[int, Callable[[], None]] = {}
_log = structlog.get_logger("pyscrai.lab")


def close_at_exit(owner: object, close: Callable[[], None]) -> None:
    """Call ``close`` when the interpreter ends, unless the owner was forgotten before."""
    _open[id(owner)] = close


def forget(owner: object) -> None:
    """Leave the owner alone when the interpreter ends: it is closed."""
    _open.pop(id(owner), None)


def _close_all() -> None:
    for close in list(_open.values()):
        try:
            close()
        except Exception as error:   # nobody is there to whom it could be raised
            _log.debug("lab.not_closed", error=repr(error))
    _open.clear()


getattr(threading, "_register_atexit", atexit.register)(_close_all)
