"""The command line in this process, in a home of its own, with the scripted model."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from pyscrai.cli.main import main
from tests.cli.plays import DUEL, TALK


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


Pyscrai = Callable[..., Said]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and templates, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("seeded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSCRAI_DATABASE_URL", f"sqlite:///{folder}/seeded.db")
        patch.setenv("PYSCRAI_CONFIG", "")
        assert main(["db", "upgrade", "--json"]) == 0
    return folder / "seeded.db"


@pytest.fixture
def home(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with the database beside it and two templates in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(prepared, tmp_path / "pyscrai.db")
    for name, value in {"PYSCRAI_DATABASE_URL": f"sqlite:///{tmp_path}/pyscrai.db", "HOME": str(folder),
                        "PYSCRAI_CACHE_DIR": str(tmp_path / "cache"), "PYSCRAI_DATA_DIR": str(tmp_path / "data"),
                        "PYSCRAI_MODEL": "scripted", "PYSCRAI_CONFIG": "", "PYSCRAI_DEBUG": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    (folder / "talk.yaml").write_text(TALK)
    (folder / "duel.yaml").write_text(DUEL)
    return folder


@pytest.fixture
def pyscrai(home: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Pyscrai]:
    """Runs a command: ``pyscrai("runs", "--json")``."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    yield run
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def played(pyscrai: Pyscrai) -> str:
    """The id of a finished run of ``talk.yaml``."""
    said = pyscrai("run", "talk.yaml", "--seed", 1, "--tag", "first", "--json")
    assert said.code == 0, said.err
    run_id: str = said.last["run_id"]
    return run_id
