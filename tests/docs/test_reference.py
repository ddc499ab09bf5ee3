"""Pages that are made from the code are those that the code makes now; every field of the language is in an example."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_pages", ROOT / ".ci" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    found: dict[str, str] = maker().pages()
    return found


@pytest.mark.parametrize("name", ["commands.md", "settings.md", "events.md", "tables.md"])
def test_a_page_made_from_the_code_is_up_to_date(made: dict[str, str], name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == made[name], (
        "run: python .ci/reference.py")
