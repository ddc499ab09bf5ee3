"""The clock of the database, as an expression: machines that share a database need not agree on the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.sql.expression import ColumnElement

from pyscrai.databases.columns import Instant


class DatabaseClock(ColumnElement[datetime]):
    """The time at which the database executes the statement, ``later`` by so much. Each dialect says it in its SQL."""

    type = Instant
    inherit_cache = False

    def __init__(self, later: timedelta = timedelta()) -> None:
        self.later = later
