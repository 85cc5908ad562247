"""Customers of each service write to an address of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("service", sa.Column("mail_address", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("service", "mail_address")
