"""The log of all sessions: its leaves, and the nodes of the tree over them."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "log_leaf",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id")),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("leaf", sa.Text()),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("organisation_id", "position"),
        sa.UniqueConstraint("session_id", "kind", "subject"),
    )
    op.create_table(
        "log_node",
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), primary_key=True),
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("log_node")
    op.drop_table("log_leaf")
