"""People write notes on events of runs.

Revision 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pyscrai.databases.columns import BigId, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annotations",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["scenario_runs.id"], name="fk_annotations_run_id_scenario_runs",
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_annotations"),
    )
    op.create_index("ix_annotations_run_id_id", "annotations", ["run_id", "id"])


def downgrade() -> None:
    op.drop_table("annotations")
