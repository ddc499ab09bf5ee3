"""Fleet: whose turn a run uses, what it needs of a worker; the workers, their shares, and limits of models for all.

Revision 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

instant = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

CLAIMABLE = ("status IN ('pending', 'running', 'waiting', 'paused', 'failed')"
             " AND desired IN ('run', 'step', 'pause', 'stop', 'cancel')")

NOTIFY = """
CREATE FUNCTION pyscrai_runs_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pyscrai_runs', '');
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER pyscrai_runs_changed AFTER INSERT OR UPDATE OF desired ON scenario_runs
FOR EACH STATEMENT EXECUTE FUNCTION pyscrai_runs_changed()
"""


def _on_a_server(*statements: str) -> None:
    """A server tells its workers of new runs; a file has no way to."""
    if op.get_context().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)


def upgrade() -> None:
    for column in (sa.Column("share", sa.Text(), nullable=False, server_default=""),
                   sa.Column("rank", sa.Integer(), nullable=False, server_default="0"),
                   sa.Column("needs", sa.Text(), nullable=False, server_default="")):
        op.add_column("scenario_runs", column)
    op.create_index("ix_scenario_runs_claimable", "scenario_runs", ["needs", "share", "rank", "id"],
                    sqlite_where=sa.text(CLAIMABLE), postgresql_where=sa.text(CLAIMABLE))
    op.create_index("ix_scenario_runs_owner", "scenario_runs", ["owner"], sqlite_where=sa.text("owner IS NOT NULL"),
                    postgresql_where=sa.text("owner IS NOT NULL"))
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("playing", sa.Integer(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("beat_at", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "run_shares",
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("share", name="pk_run_shares"),
    )
    op.create_table(
        "model_limits",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_model_limits"),
    )
    op.create_table(
        "model_slots",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.PrimaryKeyConstraint("alias", "worker", name="pk_model_slots"),
    )
    _on_a_server(NOTIFY, TRIGGER)


def downgrade() -> None:
    _on_a_server("DROP TRIGGER pyscrai_runs_changed ON scenario_runs", "DROP FUNCTION pyscrai_runs_changed()")
    for table in ("model_slots", "model_limits", "run_shares", "workers"):
        op.drop_table(table)
    op.drop_index("ix_scenario_runs_owner", "scenario_runs")
    op.drop_index("ix_scenario_runs_claimable", "scenario_runs")
    with op.batch_alter_table("scenario_runs") as batch:
        for name in ("needs", "rank", "share"):
            batch.drop_column(name)
