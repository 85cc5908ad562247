"""Sessions that go on are found among all those that are over."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index("ix_session_state", "session", ["state"])


def downgrade() -> None:
    op.drop_index("ix_session_state", "session")
