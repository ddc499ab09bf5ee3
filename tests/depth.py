"""How deep the tests go: quick ones with each change (`make test`), many examples now and then (`make test-full`)."""

from __future__ import annotations

import os

FULL = os.environ.get("PYSCRAI_TESTS") == "full"


def examples(quick: int, full: int) -> int:
    """How many examples a property is tried on."""
    return full if FULL else quick
