"""The Inspect log: what is in it, and that Inspect itself reads it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from pyscrai.exports.formats import renderer
from pyscrai.exports.inspect_log import InspectLog
from tests.depth import FULL
from tests.exports.samples import EVENTS, dossier, line

INSPECT = "0.3.285"

CALL = {"id": 1, "turn": 1, "role": "ada", "task": "speak", "purpose": "speech", "alias": "small", "model": "small-1",
        "settings": {"temperature": 0.5, "stop": ["\n"], "schema": {}}, "reply": "Good evening.",
        "finish_reason": "length",
        "messages": [{"role": "system", "content": "You play Ada."}, {"role": "user", "content": "Speak."}],
        "prompt_tokens": 30, "cached_tokens": 10, "completion_tokens": 4, "cost_usd": 0.5, "latency_ms": 1500.0,
        "created_at": "2026-01-01T10:00:01.000+00:00"}
FAILED = {**CALL, "id": 2, "turn": 2, "reply": None, "model": None, "finish_reason": None, "prompt_tokens": None,
          "completion_tokens": None, "cached_tokens": None, "cost_usd": None, "latency_ms": None,
          "error": {"code": "model.timeout", "message": "no answer"}}
VERDICT = line(14, "verdict", turn=3, source="obs", audience=[], goal="peace", met=True, rationale="They smile.")


def parts(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def log(**changes: Any) -> dict[str, Any]:
    given = {"calls": [CALL, FAILED], "events": [*EVENTS, VERDICT], **changes}
    return parts(b"".join(renderer("inspect")(dossier(**given))))


def test_a_run_is_a_sample() -> None:
    found = log()
    assert set(found) == {"_journal/start.json", "_journal/summaries/1.json", "summaries.json", "header.json",
                          "samples/run_1_epoch_1.json"}
    header, sample = found["header.json"], found["samples/run_1_epoch_1.json"]
    assert (header["status"], header["eval"]["task"]) == ("success", "night-talk@1.0.0")
    assert header["eval"]["model"] == "small"
    assert header["eval"]["model_roles"]["ada"] == {"model": "small"}
    assert sample["input"] == "A kitchen at night."
    said = [message["content"] for message in sample["messages"] if message["role"] == "assistant"]
    assert said[0] == "Ada: Good evening."
    assert sample["output"]["completion"].startswith("Agreed: bo said “deal”\n\n# Findings")
    assert sample["total_time"] == 65.0
    assert sample["model_usage"] == {"small-1": {"input_tokens": 30, "output_tokens": 4, "input_tokens_cache_read": 10,
                                                 "total_tokens": 34, "total_cost": 0.5}}


def test_measurements_and_verdicts_are_scores() -> None:
    found = log()
    scores = found["samples/run_1_epoch_1.json"]["scores"]
    assert scores["warmth of Ada"] == {"value": 4, "explanation": "kind <words>", "metadata": {
        "turn": 3, "source": "obs", "evidence": ["t1"]}}
    assert scores["goal: peace"]["value"] is True
    means = {score["name"]: score["metrics"]["mean"]["value"] for score in found["header.json"]["results"]["scores"]}
    assert means == {"warmth of Ada": 4.0, "goal: peace": 1.0}
    assert found["summaries.json"][0]["scores"] == scores


def test_a_turn_is_a_span_of_its_calls_and_events() -> None:
    events = log()["samples/run_1_epoch_1.json"]["events"]
    assert [event["event"] for event in events if event.get("span_id") == "turn-1"] == [
        "span_begin", "model", "info", "span_end"]
    asked = next(event for event in events if event["event"] == "model")
    assert asked["config"] == {"temperature": 0.5, "stop_seqs": ["\n"]}
    assert asked["output"]["choices"][0]["stop_reason"] == "max_tokens"
    assert asked["working_time"] == 1.5
    assert [event["data"]["seq"] for event in events if event["event"] == "info"] == [
        each["seq"] for each in (*EVENTS, VERDICT) if each["kind"] != "measurement"]
    assert not [event for event in log(calls=None)["samples/run_1_epoch_1.json"]["events"] if event["event"] == "model"]


@pytest.mark.parametrize(("status", "told"), [("completed", "success"), ("failed", "error"), ("stopped", "cancelled"),
                                              ("paused", "started"), ("running", "started")])
def test_how_a_run_ended(status: str, told: str) -> None:
    error = {"code": "model.timeout", "message": "no answer"} if status == "failed" else None
    header = log(run={**dossier().run, "status": status, "error": error})["header.json"]
    assert header["status"] == told
    assert ("error" in header) == (status == "failed")


def many(target: Path) -> None:
    with target.open("wb") as file, InspectLog(file, "study", {"experiment": "exp_1"}) as written:
        for number in range(3):
            run = {**dossier().run, "run_id": f"run_{number}"}
            if number == 2:
                run = {**run, "status": "failed", "error": {"code": "x", "message": "no answer"}}
            written.add(dossier(run=run, calls=[CALL, FAILED], events=[*EVENTS, VERDICT]),
                        {"arm": "high", "past": number, "excluded_because": None},
                        [{"measure": "warmth", "of": "ada", "number": number + 1.0, "category": None, "judge": "j1",
                          "pass": 1, "rationale": "why", "evidence": ["t1"]}])


def test_many_runs_are_samples_of_one_log(tmp_path: Path) -> None:
    many(tmp_path / "many.eval")
    found = parts((tmp_path / "many.eval").read_bytes())
    header = found["header.json"]
    assert (header["status"], header["results"]["total_samples"], header["results"]["completed_samples"]) == (
        "success", 3, 2)
    assert header["eval"]["dataset"]["sample_ids"] == ["run_0", "run_1", "run_2"]
    assert header["stats"]["model_usage"]["small-1"]["total_tokens"] == 3 * 34
    judged = next(score for score in header["results"]["scores"] if score["name"] == "warmth of Ada by j1, 1")
    assert judged["metrics"]["mean"]["value"] == 2.0
    assert found["samples/run_1_epoch_1.json"]["metadata"]["past"] == 1
    assert found["summaries.json"][2]["error"] == "no answer"


def test_runs_are_not_kept_in_memory(tmp_path: Path) -> None:
    def kept_by(count: int) -> int:
        with (tmp_path / "log.eval").open("wb") as file, InspectLog(file, "study") as written:
            tracemalloc.start()
            for number in range(count):
                written.add(dossier(run={**dossier().run, "run_id": f"run_{number}", "name": "n" * 20_000}))
            kept = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
        return kept

    few, more = kept_by(20), kept_by(120)
    assert more - few < 100 * 2_000


READ = """
import json, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
for path in sys.argv[1:]:
    log = read_eval_log(path)
    print(json.dumps({
        "status": log.status, "task": log.eval.task, "samples": [sample.id for sample in log.samples],
        "events": [[event.event for event in sample.events] for sample in log.samples],
        "scores": [{name: score.value for name, score in sample.scores.items()} for sample in log.samples],
        "said": [[each.text for each in sample.messages if each.role == "assistant"] for sample in log.samples],
        "summaries": [summary.id for summary in read_eval_log_sample_summaries(path)],
        "errors": [sample.error and sample.error.message for sample in log.samples],
        "header": read_eval_log(path, header_only=True).results.total_samples}))
"""


@pytest.mark.skipif(not FULL, reason="fetches Inspect (330 MB) into an environment of its own: make test-full")
def test_inspect_reads_it(tmp_path: Path) -> None:
    (tmp_path / "one.eval").write_bytes(b"".join(renderer("inspect")(dossier(
        calls=[CALL, FAILED], events=[*EVENTS, VERDICT]))))
    many(tmp_path / "many.eval")
    done = subprocess.run([_inspect(), "-c", READ, "one.eval", "many.eval"], cwd=tmp_path, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    one, several = map(json.loads, done.stdout.splitlines())
    assert (one["status"], one["samples"], one["header"]) == ("success", ["run_1"], 1)
    assert one["scores"] == [{"warmth of Ada": 4, "goal: peace": True}]
    assert one["events"][0].count("model") == 2
    assert one["said"][0][0] == "Ada: Good evening."
    assert several["summaries"] == several["samples"] == ["run_0", "run_1", "run_2"]
    assert several["errors"] == [None, None, "no answer"]


def _inspect() -> Path:
    """A Python with Inspect, whose libraries do not go with ours; fetched where it is not there yet."""
    home = platformdirs.user_cache_path("pyscrai") / "inspect" / INSPECT
    if not (home / "bin" / "inspect").is_file():
        home.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "-qq", f"inspect-ai=={INSPECT}"], check=True)
    return home / "bin" / "python"
