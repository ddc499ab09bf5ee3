"""The gallery shows a play of every shipped scenario, which is the play that the script makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from pyscrai.templates.library import shipped_scenario
from tests.depth import FULL

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "pyscrai" / "templates" / "library" / "scenarios").glob("*.yaml"))


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery_transcripts", ROOT / ".ci" / "gallery_transcripts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_a_play_of_what_is_shipped_now(name: str) -> None:
    made = maker()
    text = (made.TARGET / f"{name}.md").read_text(encoding="utf-8")
    head = made.HEAD.match(text)
    assert head is not None
    model, seed, content = head.groups()
    assert content == shipped_scenario(name).hash, f"run: python .ci/gallery_transcripts.py --model {model} {name}"
    assert f"pyscrai run {name} --model {model} --seed {seed}" in text
    assert text.count("\n\n") > 5, "there is a play in it"
    assert ("scripted model" in text) == (model == "scripted"), "it says who played"
    assert name in (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")


def test_no_play_is_left_of_a_scenario_that_is_gone() -> None:
    assert sorted(path.stem for path in maker().TARGET.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES if FULL else NAMES[-2:-1])
def test_a_scripted_play_can_be_made_again(name: str) -> None:
    made = maker()
    text = (made.TARGET / f"{name}.md").read_text(encoding="utf-8")
    head = made.HEAD.match(text)
    assert head is not None
    if head[1] != made.SCRIPTED:
        pytest.skip("another model played it")
    with made.home():
        assert made.transcript(name, made.SCRIPTED, list(made.SEEDS)) == text
