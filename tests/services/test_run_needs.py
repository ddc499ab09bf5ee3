"""A process takes no run that it cannot play, and says once which."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.run_needs import needs_of
from pyscrai.factories.services import open_services
from pyscrai.services import run_registry
from pyscrai.services.run_registry import StoredRunRegistry


class Member:
    def __init__(self, model: str) -> None:
        self.configuration = {"model": model}


@pytest.mark.parametrize(("needs", "offers", "lacks"), [
    (needs_of([Member("scripted")], ()), {}, ""),
    ("", {}, ""),
    (needs_of([Member("elsewhere")], ()), {}, "the model alias elsewhere"),
    (needs_of([Member("scripted")], ["needs:big gpu"]), {}, "labels: big_gpu"),
    (needs_of([Member("scripted")], ["needs:big gpu"]), {"labels": ["big gpu"]}, ""),
    (needs_of([Member("scripted")], ()), {"aliases": ["other"]}, "aliases that it was told to ask: scripted"),
    ("language=99", {}, "template language 99")])
async def test_what_a_process_lacks(make_url: Any, needs: str, offers: dict[str, Any], lacks: str,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(run_registry._log, "warning", lambda event, *, lacks, **_: said.append((event, lacks)),
                        raising=False)
    settings = load_settings(database_url=make_url("sqlite"), model="scripted")
    async with open_services(settings, library=False) as services:
        registry = StoredRunRegistry(services, **offers)
        assert [registry._fits(needs) for _ in range(3)] == [not lacks] * 3
    assert said == ([("fleet.left_to_others", lacks)] if lacks else [])
