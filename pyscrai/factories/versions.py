"""What a run was made with: the versions of PyScrAI and of the libraries that what it does depends on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pyscrai import __version__

LIBRARIES = ("langgraph", "langchain-core", "openai", "pydantic", "sqlalchemy", "xllamacpp", "numpy", "scipy",
             "statsmodels")


@cache
def versions() -> Mapping[str, str]:
    """Package to version, as far as it is installed; PyScrAI first."""
    found = {"pyscrai": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
