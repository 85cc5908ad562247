"""The customers who are to be asked again are listed by the day that was agreed."""

from alembic import op

revision = "0018"
down_revision = "0017"

FOLLOW_UP = "ix_ticket_follow_up"


def upgrade() -> None:
    op.create_index(FOLLOW_UP, "ticket", ["service_id", "follow_up_at"])


def downgrade() -> None:
    op.drop_index(FOLLOW_UP, "ticket")
