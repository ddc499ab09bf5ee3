"""The end of a process that was told to end, whatever still keeps it."""

from __future__ import annotations

import os
import threading

import structlog

MARGIN = 10.0
"""Seconds beyond the grace time of the runs in which everything else has to close."""

_log = structlog.get_logger("pyscrai.cli")


def end_within(seconds: float) -> None:
    """Cut the process off if it has not ended by itself after so many seconds.

    Nothing is lost by it: what was told to be durable is. A disk or a server that does not answer would otherwise keep
    the process for as long as it likes.
    """
    def cut_off() -> None:
        _log.error("process.cut_off", seconds=seconds)
        os._exit(1)

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()
