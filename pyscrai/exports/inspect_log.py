"""Runs as a log of Inspect (``.eval``): an archive of JSON files that ``inspect view`` opens and ``inspect_ai.log``
reads. A run is a sample of it.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.inspect_sample import sample_of
from pyscrai.exports.json_text import dumps
from pyscrai.lifecycle import ENDED

FORMAT = 2
"""The version of Inspect's log format."""

STATUSES = {"completed": "success", "failed": "error", "stopped": "cancelled"}
"""How a run ended, as Inspect calls it; one that has not ended is ``started``."""

SUMMARY = ("id", "epoch", "input", "target", "metadata", "scores", "model_usage", "started_at", "completed_at",
           "total_time", "uuid")
"""What of a sample stands in the list of samples."""

Parts = dict[str, Any]


def render_inspect(dossier: Dossier) -> Iterator[bytes]:
    """The log of one run."""
    written = io.BytesIO()
    with InspectLog(written, str(dossier.run["template"])) as log:
        log.add(dossier)
    yield written.getvalue()


class InspectLog:
    """A log that is being written: runs are added one by one, the header comes last. No run is kept in memory.

    Args:
        target: a file that can be written and sought in.
        task: what the log is of: a scenario, an experiment.
        about: more to say about all of it.
    """

    def __init__(self, target: IO[bytes], task: str, about: Mapping[str, Any] | None = None) -> None:
        with ExitStack() as stack:
            self._archive = stack.enter_context(zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED))
            self._summaries = stack.enter_context(tempfile.TemporaryFile(prefix="pyscrai-log-"))
            self._open = stack.pop_all()
        self._task, self._about = task, dict(about or {})
        self._ids: list[str] = []
        self._scores: dict[str, _Scored] = defaultdict(_Scored)
        self._began: list[str] = []
        self._ended: list[str] = []
        self._statuses: Counter[str] = Counter()
        self._cast: dict[str, set[str]] = defaultdict(set)
        self._usage: dict[str, Counter[str]] = defaultdict(Counter)
        self._error: Parts | None = None

    def __enter__(self) -> InspectLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._open:
            if kind is None:
                self._finish()

    def add(self, dossier: Dossier, extra: Mapping[str, Any] | None = None, judged: Iterable[Mapping[str, Any]] = ()
            ) -> None:
        """Write a run as a sample."""
        sample = sample_of(dossier, extra or {}, judged)
        self._write(f"samples/{sample['id']}_epoch_1.json", sample)
        status = str(dossier.run.get("status"))
        self._statuses[STATUSES.get(status, "started")] += 1
        summary = {name: sample[name] for name in SUMMARY if name in sample}
        if "error" in sample:
            self._error = self._error or sample["error"]
            summary["error"] = sample["error"]["message"]
        told = dumps({**summary, "completed": status in ENDED, "message_count": len(sample["messages"])})
        self._summaries.write((", " if self._ids else "[").encode() + told.encode("utf-8", "backslashreplace"))
        self._ids.append(sample["id"])
        self._began = [min([*self._began, sample["started_at"]])] if "started_at" in sample else self._began
        self._ended = [max([*self._ended, sample["completed_at"]])] if "completed_at" in sample else self._ended
        for name, score in sample["scores"].items():
            self._scores[name].add(score["value"])
        for member in dossier.cast:
            self._cast[member["role"]].add(str(member.get("model") or ""))
        for model, usage in sample["model_usage"].items():
            self._usage[model].update(usage)

    def _finish(self) -> None:
        spec = self._spec()
        plan = {"name": "plan", "steps": [{"solver": "pyscrai", "params": {}}], "config": {}}
        status = self._status()
        header = {
            "version": FORMAT, "status": status, "eval": spec, "plan": plan, "results": self._results(),
            "stats": {"started_at": spec["created"], "completed_at": max(self._ended, default=""),
                      "model_usage": {model: dict(usage) for model, usage in self._usage.items()}},
            **({"error": self._error} if status == "error" else {})}
        self._write("_journal/start.json", {"version": FORMAT, "eval": spec, "plan": plan})
        self._summaries.write(b"]" if self._ids else b"[]")
        for name in ("_journal/summaries/1.json", "summaries.json"):
            self._summaries.seek(0)
            with self._archive.open(name, "w") as file:
                shutil.copyfileobj(self._summaries, file)
        self._write("header.json", header)

    def _status(self) -> str:
        """One run's own; of many, `success` where all have ended."""
        if len(self._ids) == 1:
            return next(iter(self._statuses))
        return "started" if self._statuses["started"] else "success"

    def _spec(self) -> Parts:
        ids = self._ids
        models = sorted({model for found in self._cast.values() for model in found if model})
        created = min(self._began, default=datetime.now(UTC).isoformat(timespec="milliseconds"))
        return {
            "eval_id": f"pyscrai-{ids[0] if ids else 'none'}", "run_id": ids[0] if len(ids) == 1 else self._task,
            "created": created, "task": self._task, "task_id": self._task, "task_version": 0, "task_args": {},
            "dataset": {"name": self._task, "samples": len(ids), "sample_ids": ids, "shuffled": False},
            "model": models[0] if len(models) == 1 else "none", "config": {},
            "model_roles": {role: {"model": next(iter(found))} for role, found in self._cast.items()
                            if len(found) == 1 and "" not in found},
            "packages": {}, "metadata": {"source": "pyscrai", "models": models, **self._about}}

    def _results(self) -> Parts:
        scores = [{"name": name, "scorer": name, "params": {}, "metrics": scored.metrics(),
                   "scored_samples": scored.count, "unscored_samples": len(self._ids) - scored.count}
                  for name, scored in self._scores.items()]
        return {"total_samples": len(self._ids), "completed_samples": self._statuses["success"], "scores": scores}

    def _write(self, name: str, value: Any) -> None:
        self._archive.writestr(name, dumps(value).encode("utf-8", "backslashreplace"))


@dataclass(slots=True)
class _Scored:
    """The samples of one score: how many there are, and how many of them are numbers."""

    count: int = 0
    numbers: int = 0
    total: float = 0.0

    def add(self, value: Any) -> None:
        self.count += 1
        if isinstance(value, bool | int | float):
            self.numbers += 1
            self.total += float(value)

    def metrics(self) -> Parts:
        return {"mean": {"name": "mean", "value": self.total / self.numbers, "params": {}}} if self.numbers else {}
