"""A data set for the Hugging Face Hub: its card, its files, and that `datasets` loads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from pyscrai.errors import PyscraiError
from pyscrai.exports.dataset_folder import DatasetFolder
from tests.exports.samples import EVENTS, dossier

EXTRA = [("arm", pa.string()), ("past", pa.int64())]


def written(folder: Path, runs: int = 2, title: str = "A study: of | talk") -> DatasetFolder:
    with DatasetFolder(folder, EXTRA) as found:
        for number in range(runs):
            stamped = [{**line, "run_id": f"run_{number}", "created_at": "2026-01-01T10:00:00.250+00:00"}
                       for line in EVENTS]
            found.add(dossier(run={**dossier().run, "run_id": f"run_{number}"}, events=stamped),
                      {"arm": "high", "past": number})
        found.add_batch("runs", pa.RecordBatch.from_pylist([{"run_id": f"run_{number}"} for number in range(runs)]))
        found.add_batch("turns", pa.RecordBatch.from_pylist([], schema=pa.schema([("turn", pa.int64())])))
    assert found.finish(title, [("Experiment", "exp_1")]) > 1_000
    return found


def card(folder: Path) -> tuple[dict[str, Any], str]:
    _, head, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return dict(YAML(typ="safe").load(head)), body


def test_the_card_names_every_table_and_no_other(tmp_path: Path) -> None:
    written(tmp_path / "set")
    head, body = card(tmp_path / "set")
    assert head["pretty_name"] == "A study: of | talk"
    assert head["size_categories"] == ["n<1K"]
    paths = [config["data_files"][0]["path"] for config in head["configs"]]
    assert paths == ["data/conversations.parquet", "data/events.parquet", "data/runs.parquet"]
    assert {f"data/{path.name}" for path in (tmp_path / "set" / "data").iterdir()} == set(paths)
    assert [config.get("default") for config in head["configs"]] == [True, None, None]
    assert "| `events` | 26 |" in body
    assert "Night talk (`night-talk@1.0.0`)" in body


def test_rows_say_of_which_run_and_arm_they_are(tmp_path: Path) -> None:
    written(tmp_path / "set")
    chats = pq.read_table(tmp_path / "set" / "data" / "conversations.parquet").to_pylist()
    assert [(chat["arm"], chat["past"], chat["run_id"], chat["role"]) for chat in chats] == [
        ("high", number, f"run_{number}", role) for number in (0, 1) for role in ("ada", "bo")]
    assert chats[0]["messages"][-1] == {"role": "assistant", "content": "Good evening."}
    events = pq.read_table(tmp_path / "set" / "data" / "events.parquet")
    assert events.column("past").to_pylist() == [0] * len(EVENTS) + [1] * len(EVENTS)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(PyscraiError, match="not empty"):
        DatasetFolder(tmp_path)


LOAD = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
names = get_dataset_config_names(sys.argv[1])
rows = {name: load_dataset(sys.argv[1], name, split="train", cache_dir=sys.argv[2]) for name in names}
default = load_dataset(sys.argv[1], split="train", cache_dir=sys.argv[2])
print(json.dumps({"names": names, "rows": {name: len(found) for name, found in rows.items()},
                  "first": default[0]["messages"][-1]}))
"""


def test_datasets_loads_it(tmp_path: Path) -> None:
    written(tmp_path / "set")
    done = subprocess.run([sys.executable, "-c", LOAD, str(tmp_path / "set"), str(tmp_path / "cache")], text=True,
                          capture_output=True, check=False, env={
                              **os.environ, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1",
                              "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "names": ["conversations", "events", "runs"], "rows": {"conversations": 4, "events": 26, "runs": 2},
        "first": {"role": "assistant", "content": "Good evening."}}
