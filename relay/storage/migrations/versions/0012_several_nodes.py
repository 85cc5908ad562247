"""Several nodes of the relay on one database: which there are, and at which a session lives."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "node",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("organisation_id", "name", name="uq_node_organisation_id"),
    )
    with op.batch_alter_table("session") as session:
        session.add_column(sa.Column("node", sa.String(200), nullable=False, server_default=""))
