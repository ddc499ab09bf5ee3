"""The commands that look at runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Pyscrai


def test_runs_are_listed_and_filtered(pyscrai: Pyscrai, played: str) -> None:
    pyscrai("run", "duel.yaml", "--max-turns", 1)
    assert [run["template"] for run in pyscrai("runs", "--json").lines] == ["duel-of-offers@1.0.0", "small-talk@1.0.0"]
    assert [run["run_id"] for run in pyscrai("runs", "--tag", "first", "--json").lines] == [played]
    assert [run["run_id"] for run in pyscrai("runs", "--template", "small-talk", "--json").lines] == [played]
    assert pyscrai("runs", "--status", "failed", "--json").lines == []
    assert len(pyscrai("runs", "--limit", 1, "--json").lines) == 1
    table = pyscrai("runs").out.splitlines()
    assert table[0].split() == ["Run", "Status", "Scenario", "Turns", "Made", "Outcome"]
    assert table[2].startswith(f"{played}  completed  small-talk@1.0.0")


def test_no_runs_is_no_error(pyscrai: Pyscrai) -> None:
    said = pyscrai("runs")
    assert (said.code, said.out) == (0, "")
    assert "pyscrai run" in said.err


def test_a_run_goes_by_any_unique_beginning(pyscrai: Pyscrai, played: str) -> None:
    for name in (played, played[:12], played.removeprefix("run_"), "last"):
        assert pyscrai("show", name).code == 0


def test_the_transcript(pyscrai: Pyscrai, played: str) -> None:
    whole = pyscrai("show", played).out
    assert "[2] Bo: " in whole
    assert "* Door: It rings. (only to Bo) [bell]" in whole
    assert "It rings." not in pyscrai("show", played, "--as", "ada").out
    assert "It rings." in pyscrai("show", played, "--as", "bo").out
    assert "[3] Ada" not in pyscrai("show", played, "--turn", 2).out
    assert pyscrai("show", played, "--as", "cy").code == 2
    entries = pyscrai("show", played, "--json").lines
    assert [entry["who"] for entry in entries if entry["tone"] == "speech"] == ["Ada", "Bo", "Ada", "Bo"]


def test_events_are_objects_of_the_public_form(pyscrai: Pyscrai, played: str) -> None:
    events = pyscrai("events", played, "--json").lines
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "run_started"
    assert events[0]["payload"]["roles"]["ada"] == "Ada"
    assert events[-1]["kind"] == "run_completed"
    assert json.loads(pyscrai("export", played, "--format", "json").out)["events"] == events
    rows = map(json.loads, pyscrai("export", played, "--format", "jsonl").out.splitlines())
    assert [{name: value for name, value in row.items() if name != "type"} for row in rows
            if row["type"] == "event"] == events
    said = pyscrai("events", played, "--kind", "utterance", "--role", "bo", "--json").lines
    assert [event["turn"] for event in said] == [2, 4]
    assert [event["seq"] for event in pyscrai("events", played, "--after", len(events) - 1, "--json").lines] == [
        len(events)]
    assert "utterance" in pyscrai("events", played).out


def test_calls_show_prompt_reply_and_what_they_took(pyscrai: Pyscrai, played: str) -> None:
    calls = pyscrai("calls", played, "--json").lines
    speech = [call for call in calls if call["purpose"] == "speech"]
    assert [call["role"] for call in speech] == ["ada", "bo", "ada", "bo"]
    assert {"prompt_tokens", "cached_tokens", "completion_tokens", "cost_usd", "latency_ms"} <= speech[0].keys()
    assert speech[0]["messages"][0]["role"] == "system"
    assert "A kitchen at night" in json.dumps(speech[0]["messages"])
    block = pyscrai("calls", played, "--turn", 2, "--role", "bo").out
    assert "[system]" in block
    assert "[reply]" in block
    assert speech[1]["reply"] in block
    assert len(pyscrai("calls", played, "--brief").out.splitlines()) == len(calls) + 1


def test_metrics_by_role(pyscrai: Pyscrai, played: str) -> None:
    figures = {line["role"]: line for line in pyscrai("metrics", played, "--json").lines}
    assert figures[None]["turns"] == 4
    assert figures["ada"]["turns"] == 2
    assert figures["ada"]["prompt_tokens"] > 0
    table = pyscrai("metrics", played).out.splitlines()
    assert table[0].split()[:2] == ["Role", "Turns"]
    assert table[-1].split()[:2] == ["all", "4"]


def test_the_report(pyscrai: Pyscrai, played: str) -> None:
    said = pyscrai("report", played)
    assert said.code == 0
    assert "warmth" in said.out
    found = pyscrai("report", played, "--json").last
    assert found["report"]
    assert [line["measure"] for line in found["measurements"]] == ["warmth"]
    assert 1 <= found["measurements"][0]["value"] <= 5
    pyscrai("run", "duel.yaml", "--max-turns", 1)
    none = pyscrai("report", "last")
    assert none.code == 2
    assert "no report" in none.err


@pytest.mark.parametrize(("format", "sign"), [("json", '"format": "pyscrai.run/1"'), ("jsonl", '"type": "event"'),
                                              ("markdown", "# Small talk"), ("html", ">Small talk</h1>")])
def test_exports(pyscrai: Pyscrai, played: str, home: Path, format: str, sign: str) -> None:
    said = pyscrai("export", played, "--format", format)
    assert said.code == 0
    assert sign in said.out
    pyscrai("export", played, "--format", format, "--output", "file.out")
    assert (home / "file.out").read_text() == said.out


def test_an_export_goes_by_its_files_suffix(pyscrai: Pyscrai, played: str, home: Path) -> None:
    assert pyscrai("export", played, "-o", "run.html").code == 0
    assert (home / "run.html").read_text().startswith("<!doctype html>")
    assert pyscrai("export", played, "-o", "run.json", "--json").last["format"] == "json"
    assert json.loads((home / "run.json").read_text())["calls"]
    assert pyscrai("export", played, "-o", "run.parquet").code == 0
    assert (home / "run.parquet").read_bytes().startswith(b"PAR1")
    pyscrai("export", played, "-o", "run.json", "--without-calls")
    assert "calls" not in json.loads((home / "run.json").read_text())
    no = pyscrai("export", played, "-o", "no/such/folder.md")
    assert no.code == 2
    assert "cannot be written" in no.err


def test_a_run_is_measured_again(pyscrai: Pyscrai, played: str) -> None:
    said = pyscrai("measure", played)
    assert (said.code, said.out) == (0, f"{played} misses nothing; name a measure to take it again, or --report\n")
    again = pyscrai("measure", played, "warmth", "--json")
    assert again.code == 0
    assert [line["measure"] for line in again.last["measurements"]] == ["warmth"]
    assert pyscrai("measure", played, "--report").out == f"the report is written: pyscrai report {played}\n"
    assert len(pyscrai("report", played, "--json").last["measurements"]) == 2
    unknown = pyscrai("measure", played, "warmt")
    assert unknown.code == 2
    assert "warmth" in unknown.err


def test_the_state_after_a_round_in_which_all_speak_at_once_is_compared_with_that_before_it(pyscrai: Pyscrai) -> None:
    assert pyscrai("run", "public-goods", "--model", "scripted", "--max-turns", "8", "--seed", "1").code == 3
    now = pyscrai("state", "last")
    assert now.code == 0, now.err
    assert "after turn 8" in now.out
    assert pyscrai("state", "last", "--turn", "8", "--json").last["changed"]
    inside = pyscrai("state", "last", "--turn", "7", "--json")
    assert inside.code == 2
    assert "run.mid_round" in inside.out
