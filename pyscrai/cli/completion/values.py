"""The values that a command line can be completed with: names of templates, ids of runs, aliases, roles, codes."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pyscrai.cli.completion.command_line import Pair, TypedWord
from pyscrai.databases.stored_names import StoredNames

PACKAGE = Path(__file__).parents[2]

FILES = ("scenario", "experiment", "files")
"""Kinds of value that may be a file as well."""


class Values:
    """Finds values by their kind.

    Args:
        table: what ``command_line.load_table`` gives.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self._config = _config()
        self._stored = StoredNames(_database_url(self._config))

    def of(self, cursor: TypedWord, incomplete: str) -> Iterator[Pair]:
        """The values for a cursor."""
        if isinstance(cursor.value, tuple):
            yield from ((value, "") for value in cursor.value)
        elif cursor.value is not None:
            kinds: dict[str, Callable[[], Iterator[Pair]]] = {
                "run": self._runs, "scenario": lambda: self._templates("scenarios"),
                "agent": lambda: self._templates("agents"), "template": self._any_template, "alias": self._aliases,
                "experiment": self._experiments, "tag": lambda: ((tag, "") for tag in self._stored.tags()),
                "key": lambda: ((name, "") for name in self._stored.api_keys()),
                "code": self._codes, "page": self._pages,
                "role": lambda: self._roles(cursor), "parameter": lambda: self._parameters(cursor),
                "role=alias": lambda: self._pairs(cursor, incomplete, self._aliases),
                "role=agent": lambda: self._pairs(cursor, incomplete, lambda: self._templates("agents"))}
            if cursor.value in kinds:
                yield from kinds[cursor.value]()

    def _runs(self) -> Iterator[Pair]:
        found = list(self._stored.runs())
        if found:
            yield "last", "the newest run"
        yield from ((run_id, f"{status}, {template}") for run_id, status, template in found)

    def _templates(self, kind: str) -> Iterator[Pair]:
        shipped = sorted(path.stem for path in (PACKAGE / "templates" / "library" / kind).glob("*.yaml"))
        yield from ((name, "shipped") for name in shipped)
        own = self._stored.templates("scenario_templates" if kind == "scenarios" else "agent_templates")
        yield from ((name, "yours") for name in own if name not in shipped)

    def _any_template(self) -> Iterator[Pair]:
        yield from self._templates("scenarios")
        yield from self._templates("agents")

    def _experiments(self) -> Iterator[Pair]:
        shipped = sorted(path.stem for path in (PACKAGE / "experiments" / "shipped").glob("*.yaml"))
        yield from ((name, "shipped") for name in shipped)
        yield from ((name, "yours") for name in self._stored.experiments() if name not in shipped)

    def _aliases(self) -> Iterator[Pair]:
        own = self._config.get("models")
        if isinstance(own, dict):
            yield from ((str(name), "yours") for name in own)
        yield from ((name, "") for name in self._table["aliases"] if not isinstance(own, dict) or name not in own)
        yield from ((f"{prefix}:", "a model of this provider") for prefix in self._table["providers"])

    def _codes(self) -> Iterator[Pair]:
        from pyscrai.documentation.error_codes.table import ERROR_CODES

        yield from ((code, found.meaning) for code, found in sorted(ERROR_CODES.items()))

    def _pages(self) -> Iterator[Pair]:
        from pyscrai.documentation.site import site_folder

        folder = site_folder()
        if folder is not None:
            yield from ((path.parent.relative_to(folder).as_posix(), "") for path in sorted(folder.rglob("index.html"))
                        if path.parent != folder)

    def _roles(self, cursor: TypedWord) -> Iterator[Pair]:
        if run := next(iter(cursor.typed.get("RUN", ())), None):
            yield from self._stored.roles_of_run(run)
            return
        for role, told in (self._scenario(cursor).get("roles") or {}).items():
            yield str(role), str(told.get("name") or "") if isinstance(told, dict) else ""

    def _parameters(self, cursor: TypedWord) -> Iterator[Pair]:
        for name, told in (self._scenario(cursor).get("parameters") or {}).items():
            yield f"{name}=", str(told.get("description") or "") if isinstance(told, dict) else ""

    def _pairs(self, cursor: TypedWord, incomplete: str, values: Callable[[], Iterator[Pair]]) -> Iterator[Pair]:
        role, equals, _ = incomplete.partition("=")
        if equals:
            yield from ((f"{role}={value}", told) for value, told in values())
        else:
            yield from ((f"{role}=", told) for role, told in self._roles(cursor))

    def _scenario(self, cursor: TypedWord) -> Mapping[str, Any]:
        """The content of a stored scenario; a file is not read for it."""
        named = next(iter(cursor.typed.get("SCENARIO", ())), "")
        return self._stored.scenario(named) if named else {}


def _config() -> Mapping[str, Any]:
    """The operator's file, as it stands."""
    import platformdirs

    named = os.environ.get("PYSCRAI_CONFIG")
    paths = [Path(named).expanduser()] if named else [
        Path("pyscrai.toml"), platformdirs.user_config_path("pyscrai", appauthor=False) / "pyscrai.toml"]
    for path in paths:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return {}


def _database_url(config: Mapping[str, Any]) -> str:
    """The address of the database, as ``pyscrai.config.settings`` finds it."""
    import platformdirs

    if url := os.environ.get("PYSCRAI_DATABASE_URL") or config.get("database_url"):
        return str(url)
    folder = os.environ.get("PYSCRAI_DATA_DIR") or config.get("data_dir")
    data = Path(str(folder)).expanduser() if folder else platformdirs.user_data_path("pyscrai", appauthor=False)
    return f"sqlite:///{data.absolute()}/pyscrai.db"
