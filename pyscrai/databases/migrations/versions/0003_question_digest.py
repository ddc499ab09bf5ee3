"""A call names the digest of its question; a run that has ended has a seal over its rows.

Revision 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

instant = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("llm_calls", sa.Column("question", sa.LargeBinary(16), nullable=True))
    op.create_table(
        "run_seals",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_call", sa.BigInteger(), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_run_seals_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_seals"),
    )


def downgrade() -> None:
    op.drop_table("run_seals")
    op.drop_column("llm_calls", "question")
