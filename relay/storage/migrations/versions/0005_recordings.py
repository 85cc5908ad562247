"""What lies beside the log's entries, and the recording's segments that are kept."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("log_entry", sa.Column("beside", sa.LargeBinary()))
    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("session_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("segment")
    with op.batch_alter_table("log_entry") as log_entry:
        log_entry.drop_column("beside")
