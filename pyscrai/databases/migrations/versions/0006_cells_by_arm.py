"""Cells of experiments are counted by arm and state in the order of an index.

Revision 0006.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_experiment_cells_experiment_id_arm_state", "experiment_cells",
                    ["experiment_id", "arm", "state"])
    op.drop_index("ix_experiment_cells_experiment_id_state", table_name="experiment_cells")


def downgrade() -> None:
    op.create_index("ix_experiment_cells_experiment_id_state", "experiment_cells", ["experiment_id", "state"])
    op.drop_index("ix_experiment_cells_experiment_id_arm_state", table_name="experiment_cells")
