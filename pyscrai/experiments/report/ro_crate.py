"""The metadata of an exported experiment as RO-Crate 1.1 JSON-LD: which file is what, and what it was made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MEDIA = {".html": "text/html", ".md": "text/markdown", ".json": "application/json", ".yaml": "application/yaml",
         ".svg": "image/svg+xml", ".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}
NAMES = {
    "report.html": "Report", "report.md": "Report in Markdown", "results.json": "Results with every pair",
    "experiment.yaml": "The experiment as it was declared", "tables/runs": "A row for each run",
    "tables/cells": "A row for each planned run", "tables/measurements": "A row for each measurement",
    "tables/judgements": "A row for each judgement", "tables/turns": "A row for each turn, with all variables",
    "tables/contrasts": "A row for each contrast", "tables/arms": "A row for each arm and measure",
    "tables/deviations": "Changes after the freeze"}


def crate(results: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """The ``ro-crate-metadata.json`` of a folder with these files."""
    experiment, provenance = results["experiment"], results["provenance"]
    models = [{"@id": f"#model-{index}", "@type": "SoftwareApplication", "name": entry["model"] or entry["alias"],
               "alternateName": entry["alias"], "identifier": entry["fingerprint"] or entry["model"] or entry["alias"]}
              for index, entry in enumerate(provenance["models"])]
    software = {"@id": "#pyscrai", "@type": "SoftwareApplication", "name": "PyScrAI", "version": provenance["pyscrai"],
                "softwareRequirements": [f"{name} {version}" for name, version in provenance["libraries"].items()]}
    action = {
        "@id": "#experiment", "@type": "CreateAction", "name": f"{experiment['name']}@{experiment['version']}",
        "description": experiment["question"], "startTime": experiment["started_at"],
        "endTime": experiment["ended_at"], "actionStatus": "http://schema.org/CompletedActionStatus"
        if experiment["status"] == "completed" else "http://schema.org/ActiveActionStatus",
        "instrument": [{"@id": software["@id"]}, *({"@id": model["@id"]} for model in models)],
        "object": [{"@id": "experiment.yaml"}], "result": [{"@id": name} for name in files]}
    root = {
        "@id": "./", "@type": "Dataset", "name": experiment["title"] or experiment["name"],
        "description": experiment["question"], "datePublished": experiment["ended_at"] or experiment["created_at"],
        "identifier": experiment["freeze_hash"], "version": experiment["version"],
        "hasPart": [{"@id": name} for name in files], "mentions": [{"@id": action["@id"]}]}
    entities = [{"@id": name, "@type": "File", "name": _name(name), "encodingFormat": _media(name)} for name in files]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
         "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}}, root, action, software, *models, *entities]}


def _name(file: str) -> str:
    stem = file.rpartition(".")[0]
    if file.startswith("runs/"):
        return f"The run {stem.removeprefix('runs/')}"
    return NAMES.get(file) or NAMES.get(stem) or file


def _media(file: str) -> str:
    return MEDIA.get(f".{file.rpartition('.')[2]}", "application/octet-stream")
