"""Runs as a log of Inspect (``.eval``): an archive of JSON files that ``inspect view`` opens and ``inspect_ai.log``
reads. A run is a sample of it.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
    """A log that is being written: runs are added one by one, the header comes last.

    Args:
        target: a file that can be written and sought in.
        task: what the log is of: a scenario, an experiment.
        about: more to say about all of it.
    """

    def __init__(self, target: IO[bytes], task: str, about: Mapping[str, Any] | None = None) -> None:
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._task, self._about = task, dict(about or {})
        self._summaries: list[Parts] = []
        self._statuses: Counter[str] = Counter()
        self._cast: dict[str, set[str]] = defaultdict(set)
        self._usage: dict[str, Counter[str]] = defaultdict(Counter)
        self._errors: list[Parts] = []

    def __enter__(self) -> InspectLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._finish()
        self._archive.close()

    def add(self, dossier: Dossier, extra: Mapping[str, Any] | None = None, judged: Iterable[Mapping[str, Any]] = ()
            ) -> None:
        """Write a run as a sample."""
        sample = sample_of(dossier, extra or {}, judged)
        self._write(f"samples/{sample['id']}_epoch_1.json", sample)
        status = str(dossier.run.get("status"))
        self._statuses[STATUSES.get(status, "started")] += 1
        summary = {name: sample[name] for name in SUMMARY if name in sample}
        if "error" in sample:
            self._errors.append(sample["error"])
            summary["error"] = sample["error"]["message"]
        self._summaries.append({**summary, "completed": status in ENDED, "message_count": len(sample["messages"])})
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
            "stats": {"started_at": spec["created"], "completed_at": max(self._times("completed_at"), default=""),
                      "model_usage": {model: dict(usage) for model, usage in self._usage.items()}},
            **({"error": self._errors[0]} if status == "error" else {})}
        self._write("_journal/start.json", {"version": FORMAT, "eval": spec, "plan": plan})
        self._write("_journal/summaries/1.json", self._summaries)
        self._write("summaries.json", self._summaries)
        self._write("header.json", header)

    def _status(self) -> str:
        """One run's own; of many, `success` where all have ended."""
        if len(self._summaries) == 1:
            return next(iter(self._statuses))
        return "started" if self._statuses["started"] else "success"

    def _spec(self) -> Parts:
        ids = [summary["id"] for summary in self._summaries]
        models = sorted({model for found in self._cast.values() for model in found if model})
        created = min(self._times("started_at"), default=datetime.now(UTC).isoformat(timespec="milliseconds"))
        return {
            "eval_id": f"pyscrai-{ids[0] if ids else 'none'}", "run_id": ids[0] if len(ids) == 1 else self._task,
            "created": created, "task": self._task, "task_id": self._task, "task_version": 0, "task_args": {},
            "dataset": {"name": self._task, "samples": len(ids), "sample_ids": ids, "shuffled": False},
            "model": models[0] if len(models) == 1 else "none", "config": {},
            "model_roles": {role: {"model": next(iter(found))} for role, found in self._cast.items()
                            if len(found) == 1 and "" not in found},
            "packages": {}, "metadata": {"source": "pyscrai", "models": models, **self._about}}

    def _results(self) -> Parts:
        values: dict[str, list[float]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for summary in self._summaries:
            for name, score in summary["scores"].items():
                counts[name] += 1
                if isinstance(score["value"], bool | int | float):
                    values[name].append(float(score["value"]))
        scores = []
        for name, count in counts.items():
            numbers = values[name]
            mean = {"mean": {"name": "mean", "value": sum(numbers) / len(numbers), "params": {}}} if numbers else {}
            scores.append({"name": name, "scorer": name, "params": {}, "metrics": mean, "scored_samples": count,
                           "unscored_samples": len(self._summaries) - count})
        return {"total_samples": len(self._summaries), "completed_samples": self._statuses["success"],
                "scores": scores}

    def _times(self, name: str) -> list[str]:
        return [summary[name] for summary in self._summaries if name in summary]

    def _write(self, name: str, value: Any) -> None:
        self._archive.writestr(name, dumps(value).encode("utf-8", "backslashreplace"))
