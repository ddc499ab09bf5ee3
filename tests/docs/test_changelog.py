"""The changelog can be read by a stranger: versions newest first, known headings, the version that the package has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pyscrai import __version__

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_headings_are_those_of_a_changelog_in_their_order() -> None:
    order = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        found = re.findall(r"^### (.+)$", part, re.MULTILINE)
        assert found == sorted(found, key=order.index), part.splitlines()[0]
        assert len(found) == len(set(found)), "one place for each"


def test_versions_stand_newest_first_and_the_package_has_the_first() -> None:
    titles = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    numbers = re.findall(r"\d+\.\d+\.\d+", " ".join(titles))
    versions = [tuple(map(int, number.split("."))) for number in numbers]
    assert versions == sorted(versions, reverse=True)
    assert len(versions) == len(titles)
    assert ".".join(map(str, versions[0])) == __version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation is not None
    assert project["version"] == citation[1] == __version__


def test_every_entry_stands_under_a_heading() -> None:
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        before = part.partition("### ")[0]
        assert not re.search(r"^- ", before, re.MULTILINE), "put it under Added, Changed, Fixed or Security"
