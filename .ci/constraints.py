"""Prints ``name==version`` for all that is installed beside the project: what a fresh machine is to get."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions

OWN = {"pyscrai", "pip", "setuptools", "wheel"}

HEADER = """\
# The exact versions that PyScrAI is tested with:
# `pip install -c constraints.txt -e '.[dev,studio,experiments,mixed,mcp,otel]'`.
# Written by `make constraints`; pyproject.toml says what is needed, this file what was tried.
"""


def main() -> int:
    """Write the constraints to stdout, sorted by normalised name."""
    found = {re.sub(r"[-_.]+", "-", dist.metadata["Name"]).lower(): dist.version for dist in distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in OWN]
    sys.stdout.write(HEADER + "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
