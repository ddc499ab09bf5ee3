"""`pyscrai fleet`: who plays, what waits, and how a share is treated."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pyscrai.cli.main import main
from pyscrai.config.settings import load_settings
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.workers import Presence, Workers
from pyscrai.services.fleet.member import TTL


async def worker_lives() -> None:
    async with Database(load_settings().database_url) as database:
        await database.prepare()
        async with database.session() as session:
            await Workers(session).beat(Presence("host/1/2/abc", "worker", "0.1.0", 50, 7, ("main",), ("gpu",)), TTL)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["fleet", *arguments]) in (0, None)
    return capsys.readouterr().out


def test_shares_are_treated_and_shown(tmp_path: Any, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PYSCRAI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    assert "No worker lives." in said(capsys)
    asyncio.run(worker_lives())
    assert said(capsys, "share", "ann", "--weight", "2", "--budget", "20").strip() == (
        "ann: weight 2, priority 0, 20 USD at most")
    text = said(capsys)
    assert "7 of 50 places are taken, 0 runs wait." in text
    assert "0.00 of 20 USD" in text
    assert max(map(len, text.splitlines())) <= 80
    found = json.loads(said(capsys, "--json"))
    assert [(each["id"], each["labels"]) for each in found["workers"]] == [("host/1/2/abc", ["gpu"])]
    [share] = found["shares"]
    assert (share["weight"], share["budget_usd"], share["spent_usd"]) == (2.0, 20.0, 0.0)
    assert json.loads(said(capsys, "share", "ann", "--no-budget", "--hold", "--json")) == {
        "share": "ann", "weight": 2.0, "priority": 0, "held": True, "budget_usd": None}


@pytest.mark.parametrize("arguments", [("--budget", "0"), ("--budget", "2", "--no-budget"), ("--hold", "--go-on"),
                                       ("--weight", "-1")])
def test_what_contradicts_itself_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...],
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PYSCRAI_DATA_DIR", str(tmp_path))
    assert main(["fleet", "share", "ann", *arguments])
    assert "error [" in capsys.readouterr().err
