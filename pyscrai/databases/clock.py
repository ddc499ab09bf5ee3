"""The clock of the database, as an expression: machines that share a database need not agree on the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal

from pyscrai.databases.columns import Instant


class DatabaseClock(ColumnElement[datetime]):
    """The time at which the database executes the statement, ``later`` by so much. Each dialect says it in its SQL."""

    type = Instant
    # Without these a statement with it would be compiled anew each time, which costs more than its execution.
    inherit_cache = True
    _traverse_internals = [("later", InternalTraversal.dp_plain_obj)]  # noqa: RUF012

    def __init__(self, later: timedelta = timedelta()) -> None:
        self.later = later
