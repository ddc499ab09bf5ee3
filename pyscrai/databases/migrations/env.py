"""Alembic's environment: works on the connection that it is given, within that connection's transaction."""

from __future__ import annotations

from typing import Any

from alembic import context

from pyscrai.databases.migrations.migrate import SAVER_TABLES
from pyscrai.databases.tables import Base


def ours(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    return not (kind == "table" and name in SAVER_TABLES)


context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata,
                  include_object=ours, render_as_batch=True)
context.run_migrations()
