"""The command line in this process, for the examples of the pages."""

from tests.cli.conftest import home, prepared, pyscrai

__all__ = ["home", "prepared", "pyscrai"]
