"""Every YAML, shell, Python, SQL and TOML example on every page is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Pyscrai
from tests.docs.examples import PAGES, ROOT, examples
from tests.docs.trying import Page


@pytest.mark.parametrize("page", PAGES, ids=[path.relative_to(ROOT).as_posix() for path in PAGES])
def test_every_example_of_a_page_works(page: Path, home: Path, pyscrai: Pyscrai) -> None:
    found = list(examples(page))
    trial = Page(home, pyscrai)
    for example in found:
        try:
            trial.attempt(example)
        except BaseException as error:
            raise AssertionError(f"{example}: {error}\n{example.text}") from error
