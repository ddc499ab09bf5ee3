"""Where the settings of a TOML file stand in it; tomllib, which has read the file by then, does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_TOKEN = re.compile(r'#[^\n]*|"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\n|[\[\]{}=]'
                    r'|[^\s#"\'\[\]{}=]+', re.DOTALL)
_NAME = re.compile(r'"((?:\\.|[^"\\])*)"|\'([^\']*)\'|([^\s."\']+)')

Path = tuple[str, ...]


def toml_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table and key of a valid TOML text; what stands in an inline table has its key's."""
    lines: dict[Path, int] = {}
    table: Path = ()
    line, depth, statement, value = 1, 0, list[str](), False
    for token in [*_TOKEN.findall(text), "\n"]:
        if token == "\n" and depth == 0:
            if statement[:1] == ["["]:
                table = _names(part for part in statement if part not in "[]")
                lines.setdefault(table, line)
            statement, value = [], False
        elif not token.startswith(("#", "\n")) and not value:
            if token == "=":
                lines.setdefault((*table, *_names(statement)), line)
                value = True
            statement.append(token)
        if value or statement[:1] == ["["]:
            depth += (token in "[{") - (token in "]}")
        line += token.count("\n")
    return lines


def line_of(lines: Mapping[Path, int], path: Sequence[str]) -> int | None:
    """The line of a setting, or of the nearest part around it."""
    return next((lines[found] for length in range(len(path), 0, -1) if (found := tuple(path[:length])) in lines), None)


def _names(parts: Iterable[str]) -> Path:
    return tuple(next(filter(None, groups), "") for groups in _NAME.findall("".join(parts)))
