"""Structured logs on stderr; ``run_id``, ``turn`` and ``role`` come from the context of whoever logs."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from pyscrai.config.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send the logs of structlog and of the standard library to stderr, in the operator's format and level."""
    stderr: Any = _Stderr()
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.StackInfoRenderer(),
    ]
    if settings.telemetry.enabled:
        with suppress(ImportError):   # that the extra is missing is told when the services are opened
            from pyscrai.telemetry.log_context import add_trace_ids

            shared.append(add_trace_ids)
    last: Any = structlog.processors.JSONRenderer() if settings.log_format == "json" else (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback))
    finish: list[Any] = [structlog.processors.format_exc_info, last] if settings.log_format == "json" else [last]
    structlog.configure(
        processors=[*shared, *finish], wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(stderr), cache_logger_on_first_use=False)
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries are asked for their warnings only: at `info` an HTTP client logs every request.
    root.setLevel(level if level <= logging.DEBUG else max(level, logging.WARNING))


class _Stderr:
    """The stderr of the moment: while a live transcript is shown, what is logged goes above it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
