"""How many files and connections this process may hold open, and how they are shared out.

A server that has none left cannot accept anybody: so connections to models and to the database leave room, and a
shortage is said in the log.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

PLENTY = 2_048
"""With so many allowed nothing needs a bound."""

RESERVE = 12
"""Files left for connections that come in when the shortage is told."""

_resource: ModuleType | None
try:
    import resource as _resource
except ImportError:  # Windows counts otherwise, and allows thousands
    _resource = None


def allowed() -> int:
    """The number of files that this process may hold open now."""
    return PLENTY if _resource is None else int(_resource.getrlimit(_resource.RLIMIT_NOFILE)[0])


def raise_limit() -> int:
    """Allow as many as the system lets this process have; how many that are."""
    if _resource is not None:
        soft, hard = _resource.getrlimit(_resource.RLIMIT_NOFILE)
        if soft < hard:
            _resource.setrlimit(_resource.RLIMIT_NOFILE, (hard, hard))
    return allowed()


def used() -> int | None:
    """The number of open files, or None where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else None


def model_connections() -> int:
    """The number of connections to one model host that may be open at once; 0 for any number."""
    limit = allowed()
    return 0 if limit >= PLENTY else max(4, limit // 4)


def database_connections() -> tuple[int, int]:
    """The number of connections to the database that are kept, and of those that may be opened when all are busy."""
    limit = allowed()
    return (10, 20) if limit >= PLENTY // 4 else (3, max(1, limit // 64))
