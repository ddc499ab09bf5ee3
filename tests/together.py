"""Which tests share a worker of pytest-xdist, and which begin first."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "browser": ("viewer/",),
    "kills": ("test_exactly_once.py", "api/test_chaos.py", "api/test_fleet.py"),
    "embedded": ("test_end_to_end_scenario.py", "llm/test_embedded.py", "gallery/test_embedded.py"),
    "build": ("test_wheel.py", "docs/test_site.py", "docs/test_editor.py"),
    "studio": ("test_studio.py", "api/test_studio_server.py"),
}
"""Group to the tests in it. They share what is dear (a browser, a built site, a model's server) or must not be at once.

Two of the real embedded model would starve each other; two that build packages write the same files.
"""

LONG = ("test_generated_templates.py", "api/test_contract.py", "cli/test_experiment.py", "api/test_server_process.py",
        "api/test_experiment_fleet.py", "services/experiments/", "cli/", "exports/test_graph_picture.py")
"""What takes long beside the groups: it begins before the rest, so that no worker is left alone with it in the end."""


def unit(nodeid: str) -> str:
    """The group of a test, or its file: what one worker plays."""
    file = nodeid.partition("::")[0]
    path = file.removeprefix("tests/")
    return next((group for group, places in TOGETHER.items() if path.startswith(places)), file)


def rank(nodeid: str) -> int:
    """The place of a test's unit among those that begin."""
    named = unit(nodeid)
    if named in TOGETHER:
        return list(TOGETHER).index(named)
    path = named.removeprefix("tests/")
    return len(TOGETHER) + next((place for place, start in enumerate(LONG) if path.startswith(start)), len(LONG))


class Units(LoadScopeScheduling):
    """Gives each worker whole units, in the order of the collection.

    The marker `xdist_group` does nothing with pytest 9.2 and pytest-xdist 3.8: it is told by a test's id, which can no
    longer be changed.
    """

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Units:
    config.option.loadscopereorder = False  # or it would begin with the units of the most tests
    return Units(config, log)
