"""Pages that are made from the code are those that the code makes now; every field of the language is in an example."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from pyscrai.templates.models import action, agent, analysis, flow, scenario, variable, world
from tests.docs.examples import PAGES, examples

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


MODELS = [found for module in (action, agent, analysis, flow, scenario, variable, world)
          for found in vars(module).values()
          if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__]


@cache
def used() -> frozenset[str]:
    """The names of all fields in the YAML of all pages, which are all validated and played without a model."""
    found: set[str] = set()

    def look(part: Any) -> None:
        if isinstance(part, dict):
            found.update(map(str, part))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            look(inner)

    for page in PAGES:
        for example in examples(page):
            if example.language == "yaml":
                for document in YAML(typ="safe").load_all(example.text):
                    look(document)
    return frozenset(found)


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_every_field_of_the_language_is_in_an_example(model: type[BaseModel]) -> None:
    missing = [name for name, field in model.model_fields.items() if (field.alias or name) not in used()]
    assert not missing, "put it into an example, for instance of docs/reference/examples.md"
