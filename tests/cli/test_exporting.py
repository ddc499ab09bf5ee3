"""``pyscrai export`` into formats of other programs, of one run and of many."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq

from tests.cli.conftest import Pyscrai


def test_one_run(pyscrai: Pyscrai, played: str, home: Path) -> None:
    chats = [json.loads(text)["messages"] for text in pyscrai("export", played, "--format", "chat").out.splitlines()]
    assert [chat[0]["content"].split(",")[0] for chat in chats] == ["You play Ada", "You play Bo"]
    assert "It rings." not in json.dumps(chats[0])
    assert pyscrai("export", played, "-o", "run.eval", "--json").last["format"] == "inspect"
    with zipfile.ZipFile(home / "run.eval") as archive:
        sample = json.loads(archive.read(f"samples/{played}_epoch_1.json"))
    assert [event["event"] for event in sample["events"]].count("model") == 6
    assert pyscrai("export", played, "-o", "run.eval", "--without-calls").code == 0
    with zipfile.ZipFile(home / "run.eval") as archive:
        assert b'"event": "model"' not in archive.read(f"samples/{played}_epoch_1.json")
    rows = list(csv.DictReader(pyscrai("export", played, "--format", "csv").out.splitlines()))
    assert len(rows) == len(pyscrai("events", played, "--json").lines)
    said = pyscrai("export", played, "--format", "huggingface", "-o", "set", "--json").last
    assert (said["runs"], said["file"]) == (1, "set")
    assert pq.read_table(home / "set" / "data" / "conversations.parquet").column("role").to_pylist() == ["ada", "bo"]
    assert "not empty" in pyscrai("export", played, "--format", "huggingface", "-o", "set").err


def test_the_runs_of_a_tag(pyscrai: Pyscrai, home: Path) -> None:
    pyscrai("run", "used-car-negotiation", "--runs", "2", "--max-turns", "3", "--tag", "grid", "--model", "scripted",
            "--json")
    chats = pyscrai("export", "--tag", "grid", "--format", "chat").out.splitlines()
    assert len(chats) == 6
    assert pyscrai("export", "--tag", "grid", "-o", "grid.chat.jsonl").code == 0
    assert (home / "grid.chat.jsonl").read_text(encoding="utf-8").splitlines() == chats
    assert pyscrai("export", "--tag", "grid", "-o", "grid.eval", "--json").last["runs"] == 2
    with zipfile.ZipFile(home / "grid.eval") as archive:
        assert json.loads(archive.read("header.json"))["results"]["total_samples"] == 2
    assert pyscrai("export", "--tag", "grid", "--format", "huggingface").code == 0
    assert pq.read_table(home / "grid-dataset" / "data" / "turns.parquet").num_rows == 8
    table = pyscrai("export", "--tag", "grid", "--format", "csv").out.splitlines()
    assert (len(table), table[0].split(",")[0]) == (3, '"run_id"')
    assert "holds one run" in pyscrai("export", "--tag", "grid", "--format", "html").err
    assert pyscrai("export", "--tag", "grid", "--table", "turns", "-o", "turns.jsonl", "--json").last["rows"] == 8
    assert len((home / "turns.jsonl").read_text().splitlines()) == 8
    said = pyscrai("export", "--tag", "grid", "--format", "folder", "--without-calls", "--json").last
    assert (said["file"], len(said["runs"])) == ("grid/index.html", 2)
    assert all((home / "grid" / "data" / run_id / "run.js").is_file() for run_id in said["runs"])
    for kind in ("csv", "inspect", "folder"):
        assert "no runs with the tag none" in pyscrai("export", "--tag", "none", "--format", kind).err
    assert "no runs with the tag none" in pyscrai("export", "--tag", "none", "--format", "inspect").err
    assert "no file for csv" in pyscrai("export", "--tag", "grid", "--format", "csv", "-o", "x.parquet").err


def test_the_runs_of_an_experiment(pyscrai: Pyscrai, home: Path) -> None:
    assert pyscrai("experiment", "run", "judge-reliability", "--json").code == 0
    said = pyscrai("export", "--experiment", "judge-reliability", "--format", "inspect", "-o", "study.eval", "--json")
    with zipfile.ZipFile(home / "study.eval") as archive:
        header = json.loads(archive.read("header.json"))
        first = json.loads(archive.read(next(name for name in archive.namelist() if name.startswith("samples/"))))
    assert header["results"]["total_samples"] == said.last["runs"]
    assert header["eval"]["metadata"]["experiment"].startswith("exp_")
    assert {"arm", "past", "repeat"} <= first["metadata"].keys()
    assert any(" by " in score["name"] for score in header["results"]["scores"])
    assert pyscrai("export", "--experiment", "judge-reliability", "--format", "huggingface", "-o", "study").code == 0
    tables = {path.stem: pq.read_table(path) for path in (home / "study" / "data").iterdir()}
    assert {"conversations", "events", "runs", "cells", "judgements", "turns"} <= tables.keys()
    assert "arm" in tables["conversations"].column_names
    assert tables["runs"].num_rows == said.last["runs"]
