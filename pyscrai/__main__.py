"""``python -m pyscrai``."""

from __future__ import annotations

import sys

from pyscrai.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
