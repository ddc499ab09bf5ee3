"""Workers are woken by what may be due, what is given back too, and no longer by each run that comes to rest.

Revision 0010.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CLAIMABLE = "NEW.desired IN ('run', 'step', 'pause', 'stop', 'cancel')"

# The same notice of many rows is told once when their transaction commits.
TRIGGERS = (f"""
CREATE TRIGGER pyscrai_run_made AFTER INSERT ON scenario_runs
FOR EACH ROW WHEN ({CLAIMABLE}) EXECUTE FUNCTION pyscrai_runs_changed()
""", f"""
CREATE TRIGGER pyscrai_run_desired AFTER UPDATE OF desired ON scenario_runs
FOR EACH ROW WHEN ({CLAIMABLE} AND OLD.desired IS DISTINCT FROM NEW.desired) EXECUTE FUNCTION pyscrai_runs_changed()
""", """
CREATE TRIGGER pyscrai_run_given_back AFTER UPDATE OF owner ON scenario_runs
FOR EACH ROW WHEN (NEW.owner IS NULL AND OLD.owner IS NOT NULL AND NEW.desired IN ('run', 'step')
                   AND NEW.status IN ('pending', 'running', 'paused')) EXECUTE FUNCTION pyscrai_runs_changed()
""")
BEFORE = """
CREATE TRIGGER pyscrai_runs_changed AFTER INSERT OR UPDATE OF desired ON scenario_runs
FOR EACH STATEMENT EXECUTE FUNCTION pyscrai_runs_changed()
"""


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER pyscrai_runs_changed ON scenario_runs")
        for trigger in TRIGGERS:
            op.execute(trigger)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for name in ("pyscrai_run_made", "pyscrai_run_desired", "pyscrai_run_given_back"):
            op.execute(f"DROP TRIGGER {name} ON scenario_runs")
        op.execute(BEFORE)
