"""An endpoint's own answer is packed over the reply that it repeats; its fingerprint is a column.

Revision 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("llm_calls", sa.Column("raw_packed", sa.LargeBinary(), nullable=True))
    op.add_column("llm_calls", sa.Column("system_fingerprint", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("llm_calls", "system_fingerprint")
    op.drop_column("llm_calls", "raw_packed")
