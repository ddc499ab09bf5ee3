"""What a request has in another form than it should is told with its value, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pyscrai.databases.api.app import create_app
from pyscrai.databases.api.forms import TOLD
from tests.api.serving import Serving


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a document, with where it stands being of no matter."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for part in schema.values():
            yield from patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from patterns(part)


async def test_every_form_of_the_api_has_its_words(server: Serving) -> None:
    document = create_app(server.services.settings).openapi()
    found = set(patterns(document))
    assert len(found) > 8
    assert found <= set(TOLD), found - set(TOLD)


@pytest.mark.parametrize(("path", "field", "words"), [
    ("/runs/run_nope", "run_id", "'run_nope' is no run's id"),
    ("/experiments/exp_1", "experiment_id", "'exp_1' is no experiment's id"),
    ("/runs/run_1jn9qhwhd8ez/roles/Ann/view", "role", "'Ann' is no role's name"),
    ("/runs?limit=5000", "limit", "less than or equal to 1000, not '5000'"),
    ("/runs?limit=few", "limit", "valid integer, unable to parse string as an integer, not 'few'"),
])
async def test_a_value_of_another_form_is_named(server: Serving, path: str, field: str, words: str) -> None:
    told = await server.get(path, 422)
    assert told["problems"][0]["field"] == field
    assert words in told["detail"], told["detail"]
    assert "pattern" not in told["detail"]
