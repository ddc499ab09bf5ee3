"""Many runs, and one, written from Python in every format."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import pyscrai
from tests.lab.test_lab import EXPERIMENT, TALK, opened


def test_many_runs_are_written_to_one_file_or_folder(tmp_path: Path) -> None:
    with opened(str(tmp_path / "lab.db")) as lab:
        runs = lab.grid(TALK, seeds=2, tags=["mine"])
        lab.play(TALK, seed=9)
        experiment = lab.experiment(EXPERIMENT).run()
        table = pq.read_table(lab.export(tmp_path / "mine.parquet", tag="mine"))
        assert table.column("run_id").to_pylist() == sorted(run.id for run in runs)
        turns = lab.export(tmp_path / "some.csv", runs=[runs[0], runs[1].id], table="turns").read_text("utf-8")
        assert len(turns.splitlines()) == 1 + 2 * 5
        assert pq.read_table(lab.export(tmp_path / "e.parquet", experiment=experiment)).num_rows == 4
        assert len(lab.export(tmp_path / "mine.chat.jsonl", tag="mine").read_text("utf-8").splitlines()) == 4
        assert lab.export(tmp_path / "mine.eval", tag="mine", calls=False).read_bytes()[:2] == b"PK"
        assert (lab.export(tmp_path / "data", tag="mine", format="huggingface") / "README.md").is_file()
        page = lab.export(tmp_path / "folder", experiment="trusting", format="folder") / "index.html"
        assert page.is_file()
        assert (runs[0].export(tmp_path / "one", format="folder") / "index.html").is_file()
        assert runs[0].export(tmp_path / "one.html").read_text("utf-8").startswith("<!doctype html>")
        for given in ({}, {"tag": "mine", "runs": [runs[0]]}):
            with pytest.raises(pyscrai.PyscraiError, match="which runs"):
                lab.export(tmp_path / "x.csv", **given)  # type: ignore[arg-type]
        with pytest.raises(pyscrai.PyscraiError, match="which format"):
            lab.export(tmp_path / "x.html", tag="mine")
        with pytest.raises(pyscrai.PyscraiError, match="no runs with the tag"):
            lab.export(tmp_path / "x.csv", tag="nobody")
        assert not (tmp_path / "x.csv").exists()
