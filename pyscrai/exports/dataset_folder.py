"""Runs as a data set in the layout of the Hugging Face Hub: a card with a YAML head, Parquet files under ``data``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pyscrai.errors import PyscraiError
from pyscrai.exports.conversation import conversations
from pyscrai.exports.dossier import Dossier
from pyscrai.exports.parquet import SCHEMA, events_table
from pyscrai.exports.transcript_entry import clean

Columns = Sequence[tuple[str, pa.DataType]]

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
CONVERSATIONS: Columns = [("run_id", pa.string()), ("role", pa.string()), ("name", pa.string()), ("messages", MESSAGES)]
EVENTS: Columns = [(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
                   for field in SCHEMA]

ABOUT = {
    "conversations": "a row for each role of each run: what it heard and said, as `messages` of a chat",
    "events": "a row for each event of each run, in order; `payload` is JSON with all its fields",
    "runs": "a row for each run: its parameters, seed, outcome, variables at the end, tokens and cost",
    "measurements": "a row for each score or category that an Analyst, a count or a judge gave",
    "turns": "a row for each turn of each run: the phase and the variables after it",
    "cells": "a row for each run that the experiment planned, and what became of it",
    "judgements": "a row for each answer of each judge"}
"""What a table holds, by its name and in the order of the card."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
         (10_000_000, "1M<n<10M"))
"""Size categories of the Hub, by the number of rows below which they hold."""


class DatasetFolder:
    """A data set that is being written: runs and tables are added, and the card comes last.

    Args:
        target: a folder that is not there, or empty.
        extra: columns of every conversation and event that say what a run is in an experiment.

    Raises:
        PyscraiError: there is something in the folder already.
    """

    def __init__(self, target: Path, extra: Columns = ()) -> None:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise PyscraiError(f"{target} is there and not empty", code="export.exists",
                               cure="name a folder that is not there yet")
        self.target = target
        self.rows: dict[str, int] = {}
        self._extra = extra
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._scenarios: dict[str, str] = {}
        self._models: set[str] = set()
        self._runs = 0

    def __enter__(self) -> DatasetFolder:
        (self.target / "data").mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
                 ) -> None:
        for writer in self._writers.values():
            writer.close()

    def add(self, dossier: Dossier, extra: Mapping[str, Any] | None = None) -> None:
        """Write a run's conversations and events."""
        run_id = str(dossier.run["run_id"])
        mine = dict(extra or {})
        chats = [{**mine, "run_id": run_id, "role": each.role, "name": each.name, "messages": [
            {"role": message["role"], "content": _sound(message["content"])} for message in each.messages]}
            for each in conversations(dossier)]
        self._write("conversations", pa.Table.from_pylist(chats, schema=pa.schema([*self._extra, *CONVERSATIONS])))
        events = events_table(dossier).cast(pa.schema(EVENTS))
        for place, (name, kind) in enumerate(self._extra):
            events = events.add_column(place, pa.field(name, kind), pa.array([mine.get(name)] * len(events), kind))
        self._write("events", events)
        self._runs += 1
        self._scenarios[str(dossier.run["template"])] = dossier.title
        self._models.update(str(member["model"]) for member in dossier.cast if member.get("model"))

    def add_batch(self, table: str, batch: pa.RecordBatch) -> None:
        """Write some rows of a table."""
        self._write(table, pa.Table.from_batches([batch]))

    def finish(self, title: str, facts: Iterable[tuple[str, str]] = ()) -> int:
        """Write the card, once all is added; how many bytes the folder has.

        Args:
            title: the data set's name in words.
            facts: more lines for the card: what was exported, and how.
        """
        told = [("Runs", str(self._runs)), ("Scenarios", ", ".join(
            f"{title} (`{name}`)" for name, title in self._scenarios.items())),
            ("Models", ", ".join(f"`{name}`" for name in sorted(self._models))), *facts]
        card = _card(title, self.rows, told)
        (self.target / "README.md").write_text(card, encoding="utf-8", errors="backslashreplace")
        return sum(path.stat().st_size for path in self.target.rglob("*") if path.is_file())

    def _write(self, table: str, rows: pa.Table) -> None:
        if not len(rows):
            return  # a file without a row would be a configuration that nobody can load
        if table not in self._writers:
            self._writers[table] = pq.ParquetWriter(self.target / "data" / f"{table}.parquet", rows.schema,
                                                    compression="zstd")
        self._writers[table].write_table(rows)
        self.rows[table] = self.rows.get(table, 0) + len(rows)


def _card(title: str, rows: Mapping[str, int], facts: Iterable[tuple[str, str]]) -> str:
    """The card: what the Hub reads, then what people read."""
    tables = [name for name in ABOUT if name in rows]
    size = next((name for most, name in SIZES if sum(rows.values()) < most), "n>10M")
    head = ["---", f"pretty_name: {json.dumps(clean(title), ensure_ascii=False)}", "task_categories:",
            "- text-generation", "tags:", "- pyscrai", "- multi-agent", "- simulation", "- synthetic",
            "size_categories:", f"- {size}", "configs:"]
    for place, name in enumerate(tables):
        head += [f"- config_name: {name}", *(["  default: true"] if place == 0 else []), "  data_files:",
                 "  - split: train", f"    path: data/{name}.parquet"]
    shown = " ".join(clean(title).split())
    body = ["---", "", f"# {shown}", "", "Scenarios that language models played, recorded and exported by PyScrAI.", "",
            "| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in facts if value), "",
            "## Tables", "", "| table | rows | |", "|---|---|---|",
            *(f"| `{name}` | {rows[name]:,} | {ABOUT[name]} |" for name in tables), "",
            "```python", "from datasets import load_dataset", "",
            f"rows = load_dataset(\"path/to/this/folder\", \"{(tables or ('runs',))[0]}\", split=\"train\")", "```", "",
            "## Before you publish", "",
            "- The texts were written by language models, by the scenario's authors, and by people who took a role.",
            "- `conversations` and `events` hold the secrets of roles; `events` also what no role heard.",
            "- No licence is stated: add `license:` to the head of this file.", ""]
    return "\n".join([*head, *body])


def _cell(text: str) -> str:
    return " ".join(clean(text).split()).replace("|", "\\|")


def _sound(text: str) -> str:
    """Text that UTF-8 can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
