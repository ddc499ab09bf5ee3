"""Names that stand in the database, for those who cannot wait until SQLAlchemy is imported: the shells' completion.

Whatever goes wrong, there are no names: a Tab is no place for an error.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

NEWEST = 50
"""How many runs are looked at."""

PATIENCE = 1
"""Seconds to wait for a server or a lock."""


class StoredNames:
    """Reads names.

    Args:
        url: the database's, as in the settings.
    """

    def __init__(self, url: str) -> None:
        scheme, _, self._rest = url.partition("://")
        self._scheme = scheme.partition("+")[0]

    def runs(self) -> Iterator[tuple[str, str, str]]:
        """Id, status and scenario of the newest runs, the newest first."""
        yield from self._rows("SELECT r.id, r.status, t.name FROM scenario_runs r JOIN scenario_templates t"
                              f" ON t.id = r.scenario_template_id ORDER BY r.id DESC LIMIT {NEWEST}")

    def templates(self, table: str) -> Iterator[str]:
        """Names of templates that people stored."""
        yield from self._column(f"SELECT DISTINCT name FROM {table} WHERE archived_at IS NULL AND NOT shipped"
                                " ORDER BY name")

    def scenario(self, reference: str) -> dict[str, Any]:
        """The content of a stored scenario, the newest that was stored under the name; empty if there is none."""
        name, _, version = reference.partition("@")
        where, values = ("AND version = ?", (name, version)) if version else ("", (name,))
        for (content,) in self._rows(f"SELECT content FROM scenario_templates WHERE name = ? {where}"
                                     " ORDER BY id DESC LIMIT 1", values):
            found = json.loads(content) if isinstance(content, str | bytes) else content
            return found if isinstance(found, dict) else {}
        return {}

    def experiments(self) -> Iterator[str]:
        """Names of stored experiments."""
        yield from self._column("SELECT DISTINCT name FROM experiments ORDER BY name")

    def api_keys(self) -> Iterator[str]:
        """Names of API keys that are valid."""
        yield from self._column("SELECT name FROM api_keys WHERE revoked_at IS NULL ORDER BY name")

    def tags(self) -> Iterator[str]:
        """Tags of the newest runs."""
        seen: dict[str, None] = {}
        for (tags,) in self._rows(f"SELECT tags FROM scenario_runs ORDER BY id DESC LIMIT {NEWEST}"):
            found = json.loads(tags) if isinstance(tags, str | bytes) else tags
            seen |= dict.fromkeys(map(str, found or ()))
        yield from seen

    def roles_of_run(self, run: str) -> Iterator[tuple[str, str]]:
        """Role and name of the cast of a run."""
        if run == "last":
            run = next(iter(self._column("SELECT id FROM scenario_runs ORDER BY id DESC LIMIT 1")), "")
        yield from self._rows("SELECT role, name FROM agent_instances WHERE run_id = ? ORDER BY position", (run,))

    def _column(self, query: str) -> Iterator[str]:
        yield from (str(row[0]) for row in self._rows(query))

    def _rows(self, query: str, values: tuple[str, ...] = ()) -> list[Any]:
        try:
            return self._sqlite(query, values) if self._scheme == "sqlite" else self._postgres(query, values)
        except Exception:
            return []

    def _sqlite(self, query: str, values: tuple[str, ...]) -> list[Any]:
        path = Path(self._rest.removeprefix("/"))
        if not path.is_file():
            return []
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
            return connection.execute(query, values).fetchall()

    def _postgres(self, query: str, values: tuple[str, ...]) -> list[Any]:
        import psycopg

        with psycopg.connect(f"postgresql://{self._rest}", connect_timeout=PATIENCE) as connection:
            return connection.execute(query.replace("?", "%s").encode(), values).fetchall()
