"""Experiments: their pasts and cells, judgements of finished transcripts, and deviations from the plan.

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
instant = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("pilot", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("scenario_template_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("freeze_hash", sa.Text(), nullable=True),
        sa.Column("frozen", sa.JSON(), nullable=True),
        sa.Column("frozen_at", instant, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("started_at", instant, nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", instant, nullable=True),
        sa.ForeignKeyConstraint(["scenario_template_id"], ["scenario_templates.id"],
                                name="fk_experiments_scenario_template_id_scenario_templates"),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("name", "version", "pilot", name="uq_experiments_name_version_pilot"),
    )
    op.create_table(
        "experiment_pasts",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("past", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _of_experiment("experiment_pasts"), _of_run("experiment_pasts", "SET NULL"),
        sa.PrimaryKeyConstraint("experiment_id", "past", name="pk_experiment_pasts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_experiment_pasts_run_id", "experiment_pasts", ["run_id"])
    op.create_table(
        "experiment_cells",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("past", sa.Integer(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _of_experiment("experiment_cells"), _of_run("experiment_cells", "SET NULL"),
        sa.PrimaryKeyConstraint("experiment_id", "past", "arm", "repeat", name="pk_experiment_cells"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_experiment_cells_run_id", "experiment_cells", ["run_id"])
    op.create_index("ix_experiment_cells_experiment_id_state", "experiment_cells", ["experiment_id", "state"])
    op.create_table(
        "judgements",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("judge", sa.Text(), nullable=False),
        sa.Column("pass", sa.Integer(), nullable=False),
        sa.Column("shown_order", sa.Integer(), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        _of_experiment("judgements"), _of_run("judgements", "CASCADE"),
        sa.PrimaryKeyConstraint("experiment_id", "run_id", "measure", "of", "judge", "pass", name="pk_judgements"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "experiment_deviations",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("happened_at", instant, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _of_experiment("experiment_deviations"),
        sa.PrimaryKeyConstraint("id", name="pk_experiment_deviations"),
    )
    op.create_index("ix_experiment_deviations_experiment_id_id", "experiment_deviations", ["experiment_id", "id"])


def _of_experiment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["experiment_id"], ["experiments.id"], ondelete="CASCADE",
                                   name=f"fk_{table}_experiment_id_experiments")


def _of_run(table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["run_id"], ["scenario_runs.id"], ondelete=ondelete,
                                   name=f"fk_{table}_run_id_scenario_runs")


def downgrade() -> None:
    op.drop_index("ix_experiment_deviations_experiment_id_id", table_name="experiment_deviations")
    op.drop_table("experiment_deviations")
    op.drop_table("judgements")
    op.drop_index("ix_experiment_cells_experiment_id_state", table_name="experiment_cells")
    op.drop_index("ix_experiment_cells_run_id", table_name="experiment_cells")
    op.drop_table("experiment_cells")
    op.drop_index("ix_experiment_pasts_run_id", table_name="experiment_pasts")
    op.drop_table("experiment_pasts")
    op.drop_table("experiments")
