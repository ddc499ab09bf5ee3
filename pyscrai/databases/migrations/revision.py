"""Which revision of the tables this PyScrAI works with; known without importing Alembic."""

REVISION = "0011"
