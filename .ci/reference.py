"""Writes the pages of the reference that are made from the code (commands, settings, events, tables), and the table
of what shells complete.

    .venv/bin/python .ci/reference.py        # the result is committed; a test says when it is out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sqlalchemy.dialects import postgresql, sqlite

sys.path.insert(0, str(Path(__file__).parent.parent))

from pyscrai import events
from pyscrai.cli.app import make_app
from pyscrai.config.aliases import ModelAlias
from pyscrai.config.mcp_servers import McpServer
from pyscrai.config.server import ServerSettings
from pyscrai.config.settings import Settings
from pyscrai.config.telemetry import TelemetrySettings
from pyscrai.databases import experiment_tables, fleet_tables
from pyscrai.databases.tables import Base
from pyscrai.field_docs import _docstrings

TARGET = Path(__file__).parent.parent / "docs" / "reference"

MADE = "<!-- Made by .ci/reference.py from the code: do not edit. -->"

COMMANDS = """\
Every command with its arguments and options. [The command line](../cli.md) says what they have in common: output,
exit codes, Ctrl-C."""

SETTINGS = """\
A setting `x` is read from the environment variable `PYSCRAI_X`, then from `x` in `pyscrai.toml`: the file that
`PYSCRAI_CONFIG` names, else the one in the working directory, else the one in your configuration directory.
`PYSCRAI_SERVER__PORT` is `port` of the table `[server]`."""

EVENTS = """\
All that happens in a run is an event. Every event has `id` (its place in the log of all runs), `seq` (in its run),
`kind`, `key`, `turn`, `phase`, `source` and `audience` (`"all"` or a list of roles). The fields of its kind stand
under `payload`, in `pyscrai events --json`, the API, streams and exports alike."""

TABLES = """\
The tables of the database, with the columns' types in SQLite and PostgreSQL. [The database](../database.md) says what
is promised about them."""


def pages() -> dict[str, str]:
    """File name to text."""
    return {"commands.md": commands(), "settings.md": settings(), "events.md": event_kinds(), "tables.md": tables()}


def commands() -> str:
    """Every command with its arguments and options."""
    text = make_app().generate_docs(output_format="markdown", recursive=True, heading_level=1)
    start = re.search(r"^## ", text, re.MULTILINE)
    assert start is not None
    # cyclopts names the module that was started
    body = re.sub(r"(pyscrai[\w ]*?) -m \w+", r"\1", text[start.start():])
    body = re.sub(r"^## Table of Contents\n.*?(?=^\*\*)", "", body, count=1, flags=re.DOTALL | re.MULTILINE)
    body = body[body.index("\n## "):] if not body.startswith("## ") else body
    return f"{MADE}\n\n# Commands\n\n{COMMANDS}\n\n{body.strip()}\n"


def settings() -> str:
    """Every setting with its type and default."""
    parts = [MADE, "", "# Settings", "", SETTINGS, ""]
    for title, model in (("General", Settings), ("`[server]`", ServerSettings), ("`[models.NAME]`", ModelAlias),
                         ("`[mcp_servers.NAME]`", McpServer),
                         ("`[telemetry]`", TelemetrySettings)):
        parts += [f"## {title}", "", "| setting | type | default | |", "|---|---|---|---|"]
        parts += [f"| `{name}` | {cell(kind)} | {cell(default)} | {cell(text)} |" for name, kind, default, text
                  in fields(model) if name not in ("name", "models", "server", "telemetry", "mcp_servers")]
        parts.append("")
    return "\n".join(parts)


def event_kinds() -> str:
    """Every kind of event with its fields."""
    parts = [MADE, "", "# Events", "", EVENTS, ""]
    for model in get_args(get_args(events.AnyEvent)[0] if get_origin(events.AnyEvent) is not None
                          and not isinstance(get_args(events.AnyEvent)[0], type) else events.AnyEvent):
        kind = model.model_fields["kind"].default
        parts += [f"## `{kind}`", "", (model.__doc__ or "").strip().replace("``", "`"), ""]
        own = [row for row in fields(model) if row[0] not in events.ENVELOPE]
        if own:
            parts += ["| field | type | |", "|---|---|---|"]
            parts += [f"| `{name}` | {cell(kind)} | {cell(text)} |" for name, kind, _, text in own]
            parts.append("")
    return "\n".join(parts)


def tables() -> str:
    """Every table with its columns."""
    parts = [MADE, "", "# Tables", "", TABLES, ""]
    documented = {mapper.class_.__tablename__: mapper.class_.__doc__ or "" for mapper in Base.registry.mappers}
    assert {experiment_tables, fleet_tables}, "imported for the tables that they declare"
    for table in sorted(Base.metadata.tables.values(), key=lambda each: each.name):
        told = documented.get(table.name, "").strip().replace("``", "`").replace("\n    ", "\n")
        parts += [f"## `{table.name}`", "", told, "", "| column | SQLite | PostgreSQL | |", "|---|---|---|---|"]
        for column in table.columns:
            here, there = (column.type.compile(dialect=dialect.dialect()) for dialect in (sqlite, postgresql))
            facts = [*(["primary key"] if column.primary_key else []), *([] if column.nullable else ["not null"]),
                     *(f"of `{key.target_fullname}`" for key in column.foreign_keys)]
            parts.append(f"| `{column.name}` | {here} | {there} | {', '.join(facts)} |")
        parts.append("")
    return "\n".join(parts)


def fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and description of every field."""
    told: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        told |= _docstrings(parent.__module__).get(parent.__qualname__, {})
    for name, field in model.model_fields.items():
        default = "" if field.default in (PydanticUndefined, None, ()) or isinstance(field.default, BaseModel) else (
            str(field.default).lower() if isinstance(field.default, bool) else str(field.default))
        yield name, spelt(field.annotation), f"`{default}`" if default else "", told.get(name, "")


def spelt(annotation: Any) -> str:
    """A type in words of YAML and JSON."""
    text = getattr(annotation, "__name__", str(annotation)) if not get_args(annotation) else str(annotation)
    text = re.sub(r"\b(?:typing|pathlib|collections\.abc|pyscrai(?:\.\w+)+)\.", "", text)
    text = re.sub(r"Annotated\[(.+?), .*\]$", r"\1", text)
    if text.startswith("Literal["):
        return ", ".join(f"`{each}`" for each in get_args(annotation))
    words = {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "Path": "path"}
    for python, word in words.items():
        text = re.sub(rf"\b{python}\b", word, text)
    for python, word in ((" | None", ", or null"), ("dict[", "map["), ("tuple[", "list["), (", ...]", "]")):
        text = text.replace(python, word)
    return text


def cell(text: str) -> str:
    """A text for a cell of a table."""
    return " ".join(text.replace("``", "`").replace("|", "\\|").split())


if __name__ == "__main__":
    import completion_table

    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
    completion_table.TARGET.write_text(completion_table.text(), encoding="utf-8")
