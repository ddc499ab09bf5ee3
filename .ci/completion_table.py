"""Makes the table of what shells complete: commands, options, and which kind of value each takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cyclopts.completion._base import app_description, extract_completion_data

from pyscrai.cli.app import make_app
from pyscrai.cli.command_table import COMMANDS
from pyscrai.config.aliases import BUILTIN
from pyscrai.config.providers import PROVIDERS

TARGET = Path(__file__).parent.parent / "pyscrai" / "cli" / "completion" / "table.json"

VALUES = {
    "RUN": "run", "OTHER": "run", "SCENARIO": "scenario", "TEMPLATE": "template", "EXPERIMENT": "experiment",
    "ALIAS": "alias", "CODE": "code", "PAGE": "page", "ROLE": "role", "FILE": "files", "TARGET": "files",
    "--model": "alias", "--by": "alias", "--alias": "alias", "--role-model": "role=alias", "--cast": "role=agent",
    "--set": "parameter", "--without": "role", "--play": "role", "--role": "role", "--to": "role",
    "--template": "scenario", "--tag": "tag", "--experiment": "experiment", "show --as": "role",
    "keys revoke NAME": "key", "models install NAME": "alias",
}
"""Name of a parameter, for one command alone with the command before it, to the kind of its values."""

FREE = {
    "--answer", "--as", "--name", "--person", "--reason", "--source", "--label", "--inject", "--variable", "--host",
    "--kind", "--premise", "--who", "--task", "--labels", "MEASURE", "NAME", "QUESTION", "TEXT",
}
"""Parameters whose values nobody can know beforehand."""


def text() -> str:
    """The table as JSON."""
    found: dict[str, Any] = {"root": _node((), extract_completion_data(make_app()))}
    found |= {"aliases": list(BUILTIN), "providers": list(PROVIDERS)}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _node(path: tuple[str, ...], data: Any) -> dict[str, Any]:
    node: dict[str, Any] = {"options": {}, "positionals": [], "commands": {}}
    for argument in data[path].arguments:
        if argument.show:
            _add(node, path, argument)
    node["options"] |= {"--help": {"help": "Show what the command takes."}} | (
        {} if path else {"--version": {"help": "Show the version."}})
    order = list(COMMANDS) if not path else sorted(each[-1] for each in data if each[:-1] == path)
    for name in order:
        if (*path, name) in data:
            told = COMMANDS[name][2] if not path else app_description(data[*path, name].app, "plaintext") if hasattr(
                data[*path, name], "app") else _help(data, path, name)
            node["commands"][name] = {"help": _line(told), **_node((*path, name), data)}
    return {key: value for key, value in node.items() if value}


def _help(data: Any, path: tuple[str, ...], name: str) -> str:
    for command in data[path].commands:
        if name in command.names:
            return str(app_description(command.app, "plaintext"))
    return ""


def _add(node: dict[str, Any], path: tuple[str, ...], argument: Any) -> None:
    many = "Sequence" in str(argument.hint) or "tuple[" in str(argument.hint) or "list[" in str(argument.hint)
    told: dict[str, Any] = {"help": _line(argument.parameter.help or "")}
    name = argument.name
    value: Any = list(argument.get_choices(force=True) or ()) or VALUES.get(" ".join((*path, name.lstrip("-") if
                 argument.index is not None else name))) or VALUES.get(name)
    if value is None and "Path" in str(argument.hint):
        value = "files"
    if argument.index is not None:
        node["positionals"].append({"name": name, "value": value, **({"many": True} if many else {})})
        return
    if "bool" not in str(argument.hint):
        told["value"] = value or ""
    for each in argument.names:
        node["options"][each] = {**told, **({"many": True} if many else {})}


def untold() -> list[str]:
    """Parameters that take a text and stand neither in VALUES nor in FREE."""
    return sorted({argument.name for path, data in extract_completion_data(make_app()).items()
                   for argument in data.arguments if "str" in str(argument.hint)
                   and not argument.get_choices(force=True) and argument.name not in VALUES
                   and argument.name.lstrip("-") not in FREE and argument.name not in FREE})


def _line(text: str) -> str:
    """The first sentence of a text."""
    first = " ".join(text.split("\n\n")[0].split())
    return first if len(first) <= 90 else first[:89].rstrip() + "…"
