"""What each run of an experiment took stands with its cell or past, so that the whole is summed up in one look.

Revision 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("experiment_cells", "experiment_pasts")
COUNTED = ["experiment_id", "arm", "state", "cost_usd", "tokens"]


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("cost_usd", sa.Double(), nullable=True))
        op.add_column(table, sa.Column("tokens", sa.BigInteger(), nullable=True))
        op.execute(f"UPDATE {table} SET cost_usd = (SELECT m.cost_usd FROM run_metrics AS m WHERE m.role = ''"
                   f" AND m.run_id = {table}.run_id), tokens = (SELECT m.prompt_tokens + m.completion_tokens"
                   f" FROM run_metrics AS m WHERE m.role = '' AND m.run_id = {table}.run_id)"
                   " WHERE run_id IS NOT NULL")
    op.drop_index("ix_experiment_cells_experiment_id_arm_state", table_name="experiment_cells")
    op.create_index("ix_experiment_cells_experiment_id_arm_state_cost_usd_tokens", "experiment_cells", COUNTED)


def downgrade() -> None:
    op.drop_index("ix_experiment_cells_experiment_id_arm_state_cost_usd_tokens", table_name="experiment_cells")
    op.create_index("ix_experiment_cells_experiment_id_arm_state", "experiment_cells", COUNTED[:3])
    for table in TABLES:
        for column in ("tokens", "cost_usd"):
            op.drop_column(table, column)
