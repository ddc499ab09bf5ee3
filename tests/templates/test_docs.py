"""The language reference: its examples validate and no field is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from pyscrai.templates.cel.functions import FUNCTIONS
from pyscrai.templates.cel.scope import HIDDEN, ExpressionContext
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.models import action, agent, analysis, base, flow, scenario, variable, world
from pyscrai.templates.reading.loader import read_text

REFERENCE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
MODULES = (action, agent, analysis, flow, scenario, variable, world)
MODELS = [found for module in MODULES for found in vars(module).values()
          if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__]


@pytest.mark.parametrize("example", EXAMPLES, ids=[re.search("name: (.*)",
                                                             text)[1] for text in EXAMPLES])  # type: ignore[index]
def test_examples_validate(example: str) -> None:
    assert [str(problem) for problem in validate([read_text(example)])] == []


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_every_field_is_described(model: type[BaseModel]) -> None:
    missing = [name for name in model.model_fields if not re.search(rf"`{name}`|[{{ ]{name}: |`{name} ", REFERENCE)]
    assert missing == []


def test_every_name_and_function_is_described() -> None:
    names = set(ExpressionContext.__annotations__) - set(HIDDEN)
    for name in (*names, *FUNCTIONS, *base.TOOLS, *base.PROMPT_VARIABLES["turn"]):
        assert re.search(rf"`{name}[`.( \[]|`\w+\.{name}\(|\.{name}\(", REFERENCE), name
