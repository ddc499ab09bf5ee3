"""The statements of the hot path as plain SQL, with the columns that the tables declare.

A turn is a handful of small statements: to execute each of them through SQLAlchemy would cost more than the database
does.
"""

from __future__ import annotations

from pyscrai.databases.tables import Base, CallRow, EventRow, MeasurementRow, TextRow, table_of

PLACE = ("run_id", "turn", "role", "task", "ordinal")
OWNED = "WHERE id = ? AND fence = ? RETURNING last_seq, desired, controls_waiting"
MORE = "last_seq = last_seq + ?, updated_at = ?"


class Statements:
    """The SQL for one driver, whose mark for a parameter is ``?`` or ``%s``."""

    def __init__(self, mark: str) -> None:
        call = _columns(CallRow)
        changed = ", ".join(f"{name} = excluded.{name}" for name in call if name not in PLACE)
        self.mark = mark
        self.insert_text = f"{self._insert(TextRow)} ON CONFLICT (hash) DO NOTHING"
        self.insert_event = self._insert(EventRow)
        self.insert_measurement = self._insert(MeasurementRow)
        # A call that was answered stays as it is; one that failed gives way to a later answer.
        self.insert_call = (f"{self._insert(CallRow)} ON CONFLICT ({', '.join(PLACE)}) DO UPDATE SET {changed} "
                            "WHERE llm_calls.reply IS NULL")
        # Both claim numbers for new events and tell at once whether the run is still ours.
        self.touch = self.sql(f"UPDATE scenario_runs SET {MORE} {OWNED}")
        self.advance = self.sql("UPDATE scenario_runs SET turn = ?, phase = ?, speakers = ?, variables = ?, "
                                f"usage = ?, {MORE} {OWNED}")
        self.status = self.sql("UPDATE scenario_runs SET status = ?, started_at = coalesce(started_at, ?), "
                               "ended_at = ?, outcome = ?, error = ? WHERE id = ?")

    def sql(self, text: str) -> str:
        """The SQL with the driver's own marks."""
        return text.replace("?", self.mark)

    def _insert(self, table: type[Base]) -> str:
        names = _columns(table)
        quoted = ", ".join(f'"{name}"' for name in names)
        return f"INSERT INTO {table.__tablename__} ({quoted}) VALUES ({', '.join([self.mark] * len(names))})"


def _columns(table: type[Base]) -> list[str]:
    """The columns that a row is written with: all but a generated id."""
    return [column.name for column in table_of(table).columns if column.name != "id"]


REPLY = _columns(CallRow).index("reply")
"""Where a call's row has its reply."""
