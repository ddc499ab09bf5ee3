"""Inserts of many rows as one statement: to send a row by itself costs more than to store it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

MOST_ROWS = 64
"""Rows of one statement at most."""

ROW = re.compile(r"VALUES (\((?:%s, )*%s\))")

Statement = tuple[str, Sequence[Any]]


def joined(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The statements with rows of one kind put together; what is no insert comes last."""
    rows: dict[str, list[Sequence[Any]]] = {}
    others: list[Statement] = []
    for sql, parameters in statements:
        if ROW.search(sql):
            rows.setdefault(sql, []).append(parameters)
        else:
            others.append((sql, parameters))
    for sql, found in rows.items():
        yield from inserts(sql, found)
    yield from others


def inserts(sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[Statement]:
    """An insert of one row, as few statements for many."""
    for start in range(0, len(rows), MOST_ROWS):
        portion = rows[start:start + MOST_ROWS]
        yield _of(sql, len(portion)), [value for row in portion for value in row]


@lru_cache(maxsize=1_024)
def _of(sql: str, count: int) -> str:
    return sql if count == 1 else ROW.sub(lambda found: f"VALUES {', '.join([found[1]] * count)}", sql)
