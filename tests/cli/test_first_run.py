"""A new user's own models: what a first run says, and ``pyscrai models detect``."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyscrai.cli.first_run import is_first_run
from pyscrai.config.providers import PROVIDERS
from pyscrai.config.settings import load_settings
from tests.cli.conftest import Pyscrai


@pytest.fixture
def new_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing configured, nothing stored, nothing running."""
    for row in PROVIDERS.values():
        for key in row.keys:
            monkeypatch.delenv(key, raising=False)
        if row.is_local:
            monkeypatch.setenv(f"{row.prefix.upper()}_BASE_URL", "http://127.0.0.1:9/v1")
    for name in ("PYSCRAI_MODEL", "PYSCRAI_DATABASE_URL"):
        monkeypatch.delenv(name)
    return home


def test_a_first_run_says_how_other_models_are_found(new_user: Path, pyscrai: Pyscrai) -> None:
    assert is_first_run(load_settings())
    said = pyscrai("run", "talk.yaml")
    assert said.code == 2, "the embedded model is not installed here"
    assert said.err.count("`pyscrai models detect`") == 2


def test_a_first_run_says_what_can_be_used(new_user: Path, pyscrai: Pyscrai, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk-1234567890abcdef")
    said = pyscrai("run", "talk.yaml").err
    assert "you can use --model groq:MODEL, such as groq:llama-3.3-70b-versatile (GROQ_API_KEY is set)" in " ".join(
        said.split())
    assert "gsk-1234567890abcdef" not in said


def test_later_runs_and_configured_ones_say_nothing(new_user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "pyscrai.db").touch()
    assert not is_first_run(settings)
    (settings.data_dir / "pyscrai.db").unlink()
    assert is_first_run(settings)
    monkeypatch.setenv("PYSCRAI_MODEL", "scripted")
    assert not is_first_run(load_settings())


def test_models_detect(new_user: Path, pyscrai: Pyscrai, monkeypatch: pytest.MonkeyPatch) -> None:
    said = pyscrai("models", "detect")
    assert (said.code, said.out.strip()) == (0, "found none beside the embedded model")
    assert "OPENAI_API_KEY" in said.err
    assert "Ollama" in said.err
    assert pyscrai("models", "detect", "--json").lines == []
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-1234567890")
    found, = pyscrai("models", "detect", "--json").lines
    assert (found["prefix"], found["how"], found["use"]) == (
        "anthropic", "ANTHROPIC_API_KEY is set", "anthropic:claude-sonnet-4-5")
    assert "anthropic:claude-sonnet-4-5" in pyscrai("models", "detect").out
