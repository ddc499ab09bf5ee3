"""The first tables.

Revision 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
instant = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agent_templates",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("archived_at", instant, nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_templates"),
        sa.UniqueConstraint("name", "version", name="uq_agent_templates_name_version"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("revoked_at", instant, nullable=True),
        sa.Column("last_used_at", instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
    )
    op.create_table(
        "llm_messages",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("hash", sa.LargeBinary(16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_llm_messages"),
        sa.UniqueConstraint("hash", name="uq_llm_messages_hash"),
    )
    op.create_table(
        "scenario_templates",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("archived_at", instant, nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scenario_templates"),
        sa.UniqueConstraint("name", "version", name="uq_scenario_templates_name_version"),
    )
    op.create_table(
        "scenario_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scenario_template_id", sa.BigInteger(), nullable=False),
        sa.Column("template_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=False),
        sa.Column("parent_run_id", sa.Text(), nullable=True),
        sa.Column("fork_turn", sa.Integer(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("speakers", sa.JSON(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("usage", sa.JSON(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("started_at", instant, nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", instant, nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("controls_waiting", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_run_id"], ["scenario_runs.id"], name="fk_scenario_runs_parent_run_id_scenario_runs"
        ),
        sa.ForeignKeyConstraint(
            ["scenario_template_id"],
            ["scenario_templates.id"],
            name="fk_scenario_runs_scenario_template_id_scenario_templates",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scenario_runs"),
    )
    op.create_index(
        "ix_scenario_runs_parent_run_id",
        "scenario_runs",
        ["parent_run_id"],
        unique=False,
        sqlite_where=sa.text("parent_run_id IS NOT NULL"),
        postgresql_where=sa.text("parent_run_id IS NOT NULL"),
    )
    op.create_index(
        "ix_scenario_runs_scenario_template_id_id", "scenario_runs", ["scenario_template_id", "id"], unique=False
    )
    op.create_index("ix_scenario_runs_status_id", "scenario_runs", ["status", "id"], unique=False)
    op.create_table(
        "agent_instances",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("agent_template_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_hash", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("played_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_template_id"], ["agent_templates.id"], name="fk_agent_instances_agent_template_id_agent_templates"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_agent_instances_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "role", name="pk_agent_instances"),
    )
    op.create_table(
        "controls",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("applied_at", instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_controls_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_controls"),
    )
    op.create_index("ix_controls_run_id_id", "controls", ["run_id", "id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_events_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("run_id", "key", name="uq_events_run_id_key"),
        sa.UniqueConstraint("run_id", "seq", name="uq_events_run_id_seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_idempotency_keys_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
    )
    op.create_table(
        "llm_calls",
        sa.Column("id", big_id, sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("prompts", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("raw", sa.JSON(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("attempts", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_llm_calls_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_llm_calls"),
        sa.UniqueConstraint(
            "run_id", "turn", "role", "task", "ordinal", name="uq_llm_calls_run_id_turn_role_task_ordinal"
        ),
    )
    op.create_table(
        "measurements",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_measurements_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_measurements"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_metrics",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("latency_p50_ms", sa.Double(), nullable=True),
        sa.Column("latency_p95_ms", sa.Double(), nullable=True),
        sa.Column("latency_max_ms", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_run_metrics_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "role", name="pk_run_metrics"),
    )
    op.create_table(
        "run_tags",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scenario_runs.id"], name="fk_run_tags_run_id_scenario_runs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tag", "run_id", name="pk_run_tags"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("run_tags")
    op.drop_table("run_metrics")
    op.drop_table("measurements")
    op.drop_table("llm_calls")
    op.drop_table("idempotency_keys")
    op.drop_table("events")
    op.drop_index("ix_controls_run_id_id", table_name="controls")
    op.drop_table("controls")
    op.drop_table("agent_instances")
    op.drop_index("ix_scenario_runs_status_id", table_name="scenario_runs")
    op.drop_index("ix_scenario_runs_scenario_template_id_id", table_name="scenario_runs")
    op.drop_index(
        "ix_scenario_runs_parent_run_id",
        table_name="scenario_runs",
        sqlite_where=sa.text("parent_run_id IS NOT NULL"),
        postgresql_where=sa.text("parent_run_id IS NOT NULL"),
    )
    op.drop_table("scenario_runs")
    op.drop_table("scenario_templates")
    op.drop_table("llm_messages")
    op.drop_table("api_keys")
    op.drop_table("agent_templates")
