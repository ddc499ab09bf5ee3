"""Budgets of shares: what each may cost, and what its calls have cost so far, summed as they are recorded.

Revision 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A writer has a row of its own in each share, so that no two of them wait for each other.
SERVER = ("""
CREATE FUNCTION pyscrai_spent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    amount double precision := NEW.cost_usd;
    spender text;
BEGIN
    IF TG_TABLE_NAME = 'judgements' THEN
        spender := NEW.experiment_id;
    ELSE
        SELECT share INTO spender FROM scenario_runs WHERE id = NEW.run_id;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        amount := amount - coalesce(OLD.cost_usd, 0);
    END IF;
    INSERT INTO share_spending (share, slot, cost_usd) VALUES (spender, pg_backend_pid(), amount)
    ON CONFLICT (share, slot) DO UPDATE SET cost_usd = share_spending.cost_usd + excluded.cost_usd;
    RETURN NULL;
END $$
""", *(f"""
CREATE TRIGGER pyscrai_spent AFTER INSERT OR UPDATE OF cost_usd ON {table}
FOR EACH ROW WHEN (NEW.cost_usd > 0) EXECUTE FUNCTION pyscrai_spent()
""" for table in ("llm_calls", "judgements")))


def _on_a_file(table: str, happening: str, spender: str, amount: str) -> str:
    return f"""
CREATE TRIGGER pyscrai_spent_{table}_{happening[:6].lower()} AFTER {happening} ON {table} WHEN NEW.cost_usd > 0 BEGIN
    INSERT INTO share_spending (share, slot, cost_usd)
    SELECT {spender}, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM share_spending WHERE share = {spender} AND slot = 0);
    UPDATE share_spending SET cost_usd = cost_usd + {amount} WHERE share = {spender} AND slot = 0;
END
"""


FILE = tuple(_on_a_file(table, happening, spender, amount)
             for table, spender in (("llm_calls", "(SELECT share FROM scenario_runs WHERE id = NEW.run_id)"),
                                    ("judgements", "NEW.experiment_id"))
             for happening, amount in (("INSERT", "NEW.cost_usd"),
                                       ("UPDATE OF cost_usd", "NEW.cost_usd - coalesce(OLD.cost_usd, 0)")))


def upgrade() -> None:
    op.add_column("run_shares", sa.Column("budget_usd", sa.Double(), nullable=True))
    op.create_table(
        "share_spending",
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("share", "slot", name="pk_share_spending"),
    )
    op.execute("INSERT INTO share_spending (share, slot, cost_usd) SELECT share, 0, sum(cost_usd) FROM llm_calls"
               " JOIN scenario_runs ON scenario_runs.id = llm_calls.run_id WHERE cost_usd > 0 GROUP BY share")
    op.execute("INSERT INTO share_spending (share, slot, cost_usd) SELECT experiment_id, 0, sum(cost_usd)"
               " FROM judgements WHERE cost_usd > 0 GROUP BY experiment_id")
    for statement in SERVER if op.get_context().dialect.name == "postgresql" else FILE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in ("llm_calls", "judgements"):
            op.execute(f"DROP TRIGGER pyscrai_spent ON {table}")
        op.execute("DROP FUNCTION pyscrai_spent()")
    else:
        for table in ("llm_calls", "judgements"):
            for happening in ("insert", "update"):
                op.execute(f"DROP TRIGGER pyscrai_spent_{table}_{happening}")
    op.drop_table("share_spending")
    with op.batch_alter_table("run_shares") as batch:
        batch.drop_column("budget_usd")
