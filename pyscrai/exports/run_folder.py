"""Runs as a folder that opens from disk in any browser, with the viewer and no server.

A page on disk cannot fetch, so its data are scripts that it loads one by one as it needs them: a run of thousands of
turns opens as fast as a short one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from pyscrai.errors import PyscraiError
from pyscrai.exports.dossier import Dossier
from pyscrai.viewer.web_files import PAGE, assets, page

EVENTS_AT_ONCE, CALLS_AT_ONCE = 2_000, 60
"""How many events and calls stand in one script."""

POLICY = ("default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
          "base-uri 'none'; form-action 'none'")
"""The content policy of the page on disk: its own files, and no connection to anywhere."""

ENVELOPE = ("id", "run_id", "seq", "key", "kind", "turn", "phase", "source", "audience", "created_at")
"""What of an event stands beside its payload, as the API sends it."""


class RunFolder:
    """A folder that is being written: runs are added one by one, and the page comes last.

    Raises:
        PyscraiError: there is something in the folder already.
    """

    def __init__(self, target: Path) -> None:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise PyscraiError(f"{target} is there and not empty", code="export.exists",
                               cure="name a folder that is not there yet")
        self.target = target
        self.runs: list[str] = []
        self.experiments: list[str] = []
        self._templates: dict[str, Any] = {}
        self._graphs: dict[str, Any] = {}

    def add(self, dossier: Dossier, graph: Mapping[str, Any] | None = None) -> None:
        """Write a run's record; ``graph`` is its scenario's, as the API gives it."""
        run_id, template = str(dossier.run["run_id"]), str(dossier.run["template"])
        self.runs.append(run_id)
        self._templates[template] = dossier.template
        if graph is not None:
            self._graphs[template] = graph
        for name, value in _parts(dossier):
            self._write(f"{run_id}/{name}", value)

    def add_experiment(self, experiment_id: str, parts: Mapping[str, Any]) -> None:
        """Write an experiment: its status, cells, results, judgements, evidence and report as the API gives them."""
        self.experiments.append(experiment_id)
        for name, value in parts.items():
            self._write(f"{experiment_id}/{name}", value)

    def finish(self) -> int:
        """Write the page and what it needs; how many bytes the whole folder has."""
        self._write("templates", self._templates)
        self._write("graphs", self._graphs)
        (self.target / "folder.js").write_bytes(
            b"globalThis.pyscraiFolder = " + orjson.dumps({
                "runs": self.runs, "experiments": self.experiments}) + b";\n")
        (self.target / PAGE).write_text(_page(), encoding="utf-8")
        for name, asset in assets().items():
            (self.target / name).write_bytes(asset.content)
        return sum(path.stat().st_size for path in self.target.rglob("*") if path.is_file())

    def _write(self, name: str, value: Any) -> None:
        path = self.target / "data" / f"{name}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
        path.write_bytes(b"pyscraiPart(%s, %s);\n" % (orjson.dumps(name), data))


def _page() -> str:
    """The page with its scripts as a page on disk may load them."""
    policy = f'<meta http-equiv="content-security-policy" content="{POLICY}">'
    text = page()
    for old, new in (
            ('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}'),
            ('<script src="app.js"', '<script src="folder.js"></script>\n<script src="app.js"')):
        assert old in text
        text = text.replace(old, new)
    return text


def _parts(dossier: Dossier) -> Iterator[tuple[str, Any]]:
    """The scripts of one run, by name."""
    events = [_event(line) for line in dossier.events]
    calls = list(dossier.calls or ())
    bundles = [calls[at:at + CALLS_AT_ONCE] for at in range(0, len(calls), CALLS_AT_ONCE)]
    stretches = [events[at:at + EVENTS_AT_ONCE] for at in range(0, len(events), EVENTS_AT_ONCE)]
    cast = [{name: member[name] for name in ("role", "name", "engine", "agent", "model", "played_by")}
            for member in dossier.cast]
    run = {**dossier.run, "cast": cast, "desired": "none", "speakers": [], "live": False, "waiting": []}
    yield "run", {"run": run, "metrics": dossier.metrics, "annotations": list(dossier.annotations),
                  "event_parts": len(stretches), "call_parts": [
        [min(call["turn"] for call in bundle), max(call["turn"] for call in bundle)] for bundle in bundles]}
    for number, stretch in enumerate(stretches):
        yield f"events_{number}", stretch
    for number, bundle in enumerate(bundles):
        yield f"calls_{number}", bundle


def _event(line: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the API sends it, of the line that exports hold."""
    return {**{name: line.get(name) for name in ENVELOPE},
            "payload": {name: value for name, value in line.items() if name not in ENVELOPE}}
