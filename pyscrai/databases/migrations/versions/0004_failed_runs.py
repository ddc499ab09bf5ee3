"""Nothing is desired of a failed run until somebody asks again: `resume` of one survives the death of its process.

Revision 0004.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE scenario_runs SET desired = 'none' WHERE status = 'failed'")


def downgrade() -> None:
    op.execute("UPDATE scenario_runs SET desired = 'run' WHERE status = 'failed' AND desired = 'none'")
