"""Open tickets are listed by what is urgent without sorting them all; on SQLite titles are searched in a table of their own."""

# ruff: noqa: S608 - only names of our own are put into statements
import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

KINDS = ("ticket", "customer", "article", "tutorial")
URGENT = "ix_ticket_urgent"


def upgrade() -> None:
    columns: list[str | sa.TextClause] = ["service_id", "state", "priority", sa.text("weight DESC"), "changed_at", "id"]
    op.create_index(URGENT, "ticket", columns)
    if op.get_bind().dialect.name == "sqlite":
        for kind in KINDS:
            table = f"search_{kind}_title"
            op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, tokenize = 'ascii', detail = none)")
            op.execute(f"INSERT INTO {table} (rowid, title) SELECT rowid, title FROM search_{kind}")


def downgrade() -> None:
    op.drop_index(URGENT, "ticket")
    if op.get_bind().dialect.name == "sqlite":
        for kind in KINDS:
            op.execute(f"DROP TABLE search_{kind}_title")
