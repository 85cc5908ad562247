"""Auditors search for sessions in which files were moved; before, none could be."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("session_fact", sa.Column("files", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("session_fact", "files")
