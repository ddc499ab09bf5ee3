"""``pyscrai experiment``, ``run --runs`` and ``export --tag``, from the terminal's side."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pyscrai.experiments.library import shipped_experiments
from tests.cli.conftest import Pyscrai
from tests.depth import examples

TALKS = """
kind: experiment
name: talks
question: Does the multiplier matter?
scenario: {scenario}
max_turns: 6
pasts: {{seeds: {seeds}, until: {{turn: 2}}}}
arms:
  base: {{}}
  rain: {{injects: [{{text: It rains.}}]}}
measures:
  primary: {{name: words, figure: words}}
parallel: 3
"""


SHORT = """
kind: scenario
name: short
premise: It is over soon.
roles:
  ann: {agent: conversationalist}
  bob: {agent: conversationalist}
flow: {start: talk, phases: {talk: {speakers: [ann, bob], next: [{to: end, after_rounds: 1}]}}}
"""


JUDGES = """
judges:
  by: [default]
  repeats: 2
  measures: [{name: warmth, scale: [1, 5], rubric: How warm the two are., of: each}]
"""


def written(home: Path, **changes: Any) -> str:
    text = TALKS.format(**{"scenario": "two-agent-conversation", "seeds": 3, **changes})
    (home / "talks.yaml").write_text(text, encoding="utf-8")
    return "talks.yaml"


def test_from_a_file_to_a_report(home: Path, pyscrai: Pyscrai) -> None:
    file = written(home)
    checked = pyscrai("experiment", "check", file)
    assert checked.code == 0, checked.err
    assert "few" in checked.err, "three pasts are few"
    planned = pyscrai("experiment", "plan", file, "--pilot", "2", "--json")
    assert planned.last["runs"] == 6
    assert planned.last["pilot"]["runs_played"] == 4
    ran = pyscrai("experiment", "run", file)
    assert ran.code == 0, ran.err
    assert "rain − base" in ran.out
    status = pyscrai("experiment", "status", "talks", "--json")
    assert (status.code, status.last["cells"]["ended"], status.last["complete"]) == (0, 6, True)
    assert "rain − base" in pyscrai("experiment", "results", "talks").out
    assert pyscrai("experiment", "verify", "talks", "--sample", "0", "--json").last["identical"]
    assert pyscrai("experiment", "show", "talks").out.strip() == TALKS.format(
        scenario="two-agent-conversation", seeds=3).strip()
    assert pyscrai("experiment", "report", "talks").out.startswith("# Talks")
    for target in ("report.html", "report.md", "all"):
        assert pyscrai("experiment", "report", "talks", "-o", target).code == 0
    assert "<svg" in (home / "report.html").read_text(encoding="utf-8")
    assert (home / "all" / "ro-crate-metadata.json").is_file()
    assert pq.read_table(home / "all" / "tables" / "runs.parquet").num_rows == 6
    assert pyscrai("experiment", "results", "talks", "--table", "turns", "-o", "turns.csv").code == 0
    for wrong in (("report", "talks", "-o", "turns.csv/report"),
                  ("results", "talks", "--table", "runs", "-o", "turns.csv/a.csv")):
        said = pyscrai("experiment", *wrong)
        assert said.code == 2, "a file is in the way of the folder"
        assert "turns.csv" in said.err
        assert "cannot be written" in said.err
    with (home / "turns.csv").open(encoding="utf-8") as stream:
        assert {row["arm"] for row in csv.DictReader(stream)} == {"base", "rain"}
    again = pyscrai("experiment", "run", written(home, seeds=4))
    assert (again.code, "experiment.frozen" in again.err) == (2, True)
    assert pyscrai("experiment", "run", "talks.yaml", "--amend", "--json").last["cells"]["ended"] == 8
    assert "pasts: 3 -\\> 4" in pyscrai("experiment", "report", "talks").out


def test_a_pilot_finds_nothing_and_what_is_left_out_is_said_why(home: Path, pyscrai: Pyscrai) -> None:
    file = written(home)
    planned = pyscrai("experiment", "plan", file, "--pilot", "2")
    assert "talks (pilot): 4 of 4 runs ended" in planned.out
    assert "3 pasts x 2 arms x 1 repeat = 6 runs" in planned.out
    assert "  calls: about " in planned.out
    assert "interval" not in planned.out, "a pilot compares no arms"
    (home / "short.yaml").write_text(SHORT)
    ran = pyscrai("experiment", "run", written(home, scenario="short.yaml"))
    reason = "6 excluded: its past ended before the arms could begin"
    assert reason in ran.out
    assert reason in pyscrai("experiment", "status", "last").out
    judged = pyscrai("experiment", "judge", "last", "--by", "scripted")
    assert judged.code == 2
    assert "talks names no measures for judges" in judged.err


def test_mistakes_are_named_with_line_and_cure(home: Path, pyscrai: Pyscrai) -> None:
    written(home)
    text = (home / "talks.yaml").read_text(encoding="utf-8").replace("turn: 2", "trun: 2").replace("words}", "wrds}")
    (home / "talks.yaml").write_text(text, encoding="utf-8")
    said = pyscrai("experiment", "check", "talks.yaml")
    assert said.code == 2
    assert "talks.yaml:7:" in said.err
    assert "did you mean turn?" in said.err
    assert "did you mean words?" in said.err
    assert pyscrai("experiment", "run", "talks.yaml").code == 2
    assert pyscrai("experiment", "status", "talks").code == 2


@pytest.mark.parametrize("name", sorted(shipped_experiments()))
def test_shipped_experiments_run_with_a_scripted_model(home: Path, pyscrai: Pyscrai, name: str) -> None:
    assert name in pyscrai("experiment", "list").out
    ran = pyscrai("experiment", "run", name, "--json")
    assert ran.code == 0, ran.err
    assert ran.last["complete"]
    assert ran.last["contrasts"][0]["n_pasts"] >= 8


def test_a_grid_of_runs_is_one_table_and_can_be_exported(home: Path, pyscrai: Pyscrai) -> None:
    said = pyscrai("run", "used-car-negotiation", "--runs", "2", "--set", "asking=5000,7000", "--parallel", "3",
                   "--max-turns", "3", "--tag", "grid", "--json")
    assert [(row["asking"], row["seed"]) for row in said.lines] == [(5000, 1), (5000, 2), (7000, 1), (7000, 2)]
    assert said.code == 0
    assert pyscrai("export", "--tag", "grid", "-o", "grid.parquet").code == 0
    assert pq.read_table(home / "grid.parquet").column("param_asking").to_pylist() == [5000, 5000, 7000, 7000]
    assert len(pyscrai("export", "--tag", "grid", "--table", "turns").lines) == 4 * 4
    assert pyscrai("export").code == 2


def test_labels_of_people_are_compared_with_the_judges(home: Path, pyscrai: Pyscrai) -> None:
    assert pyscrai("experiment", "run", "judge-reliability", "--json").code == 0
    rows = pyscrai("experiment", "results", "judge-reliability", "--table", "runs").lines
    labels = ["run_id,measure,value,person", *(f"{row['run_id']},warmth,3,ann" for row in rows[:6])]
    (home / "labels.csv").write_text("\n".join(labels), encoding="utf-8")
    said = pyscrai("experiment", "judge", "judge-reliability", "--labels", "labels.csv", "--json")
    assert said.last["labels"] == 6
    assert said.last["agreement"][0]["people"]["items"] == 6
    (home / "labels.csv").write_text("run_id,measure\n", encoding="utf-8")
    assert "no column 'value'" in pyscrai("experiment", "judge", "judge-reliability", "--labels", "labels.csv").err
    assert pyscrai("experiment", "judge", "judge-reliability", "--sheet", "sheet.csv").code == 0
    blank = (home / "sheet.csv").read_text(encoding="utf-8-sig")
    with (home / "sheet.csv").open("w", encoding="utf-8") as filled:
        rows = list(csv.DictReader(blank.splitlines()))
        writer = csv.DictWriter(filled, [*rows[0]], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, "value": 3} for row in rows[:2])
    said = pyscrai("experiment", "judge", "judge-reliability", "--labels", "sheet.csv", "--person", "bea", "--json")
    assert said.last["labels"] == 2
    assert "somebody may have filled" in pyscrai("experiment", "judge", "judge-reliability", "--sheet", "sheet.csv").err
    more = pyscrai("experiment", "judge", "judge-reliability", "--repeats", "4", "--json")
    assert (more.last["judged"], more.last["already"]) == (20, 60)


def killed(home: Path, chance: random.Random) -> bool:
    """Run the experiment in a process of its own and kill it at a random moment; whether it had come to its end."""
    process = subprocess.Popen([sys.executable, "-m", "pyscrai", "experiment", "run", "talks.yaml", "--json"],
                               cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    end = time.monotonic() + chance.uniform(2.0, 5.0)
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return False
    return process.returncode == 0


def comparable(pyscrai: Pyscrai) -> dict[str, list[dict[str, Any]]]:
    """The tables without what differs between two plays of the same: ids and times."""
    own = {"run_id", "parent_run_id", "experiment", "started_at", "ended_at", "seconds", "attempts", "item"}
    return {table: [{name: value for name, value in row.items() if name not in own} for row in pyscrai(
        "experiment", "results", "talks", "--table", table).lines] for table in (
            "runs", "cells", "turns", "measurements", "judgements", "contrasts", "arms")}


def test_killed_at_random_it_loses_and_doubles_nothing(home: Path, pyscrai: Pyscrai, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    written(home, scenario="used-car-negotiation", seeds=examples(6, 30))   # it has an Analyst, who sees lines' ids
    with (home / "talks.yaml").open("a", encoding="utf-8") as file:
        file.write(JUDGES)
    chance = random.Random(5)
    for _ in range(examples(1, 20)):
        if killed(home, chance):
            break
    ran = pyscrai("experiment", "run", "talks.yaml", "--json")
    assert ran.code == 0, ran.err
    assert ran.last["cells"] == {"planned": 0, "playing": 0, "ended": examples(12, 60), "failed": 0, "excluded": 0}
    disturbed = comparable(pyscrai)
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", f"sqlite:///{tmp_path}/undisturbed.db")
    assert pyscrai("experiment", "run", "talks.yaml", "--json").code == 0
    assert comparable(pyscrai) == disturbed


def test_one_round_tells_all_also_of_a_scenario_beside_it(home: Path, pyscrai: Pyscrai) -> None:
    """`check` and `run` tell the same: form, names and values of the file, and the mistakes of its scenario's file."""
    text = TALKS.format(scenario="short.yaml", seeds=0).replace("name: words, figure", "name: words, figur")
    (home / "talks.yaml").write_text(text.replace("base: {}", "base: {model: nobody}"), encoding="utf-8")
    (home / "short.yaml").write_text(SHORT.replace("ann, bob", "ann, bobb").replace("name: short", "name: Short!"),
                                     encoding="utf-8")
    told = {("talks.yaml", 7, "pasts.seeds"), ("talks.yaml", 9, "arms.base.model"),
            ("talks.yaml", 12, "measures.primary.figur"), ("short.yaml", 3, "name"),
            ("short.yaml", 8, "flow.phases.talk.speakers[1]")}
    for command in (("experiment", "check"), ("experiment", "run")):
        said = pyscrai(*command, "talks.yaml", "--json")
        assert said.code == 2
        found = said.last["error"]["problems"] if "error" in said.last else said.lines[:-1]
        assert {(Path(each["file"]).name, each["line"], each["field"]) for each in found} == told


def test_a_check_stores_nothing(home: Path, pyscrai: Pyscrai) -> None:
    (home / "short.yaml").write_text(SHORT, encoding="utf-8")
    pyscrai("experiment", "check", written(home, scenario="short.yaml"))
    assert "short" not in pyscrai("templates", "list").out


def test_what_is_run_or_stored_is_told_all_of_its_mistakes_at_once(home: Path, pyscrai: Pyscrai) -> None:
    text = SHORT.replace("ann, bob", "ann, bobb").replace("name: short", "name: Short!")
    (home / "short.yaml").write_text(text, encoding="utf-8")
    (home / "other.yaml").write_text(text.replace("talk:", "tlak:"), encoding="utf-8")
    for command in (("run", "short.yaml"), ("run", "short.yaml", "--dry-run"), ("templates", "add", "short.yaml"),
                    ("templates", "add", "short.yaml", "other.yaml")):
        said = pyscrai(*command)
        assert said.code == 2
        assert ":3:" in said.err
        assert "no role or group `bobb`" in said.err
    assert "other.yaml:8:" in said.err
