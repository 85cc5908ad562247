"""Lists begin with what is open: by an index of the open tickets alone, since nearly all that ever were are closed."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

OPEN = "ix_ticket_open"
IS_OPEN = sa.text("state <> 'closed'")


def upgrade() -> None:
    columns = ["service_id", "changed_at", "id"]
    op.create_index(OPEN, "ticket", columns, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)


def downgrade() -> None:
    op.drop_index(OPEN, "ticket")
