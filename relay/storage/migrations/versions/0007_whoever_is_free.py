"""An invitation may be for whoever of a title comes first."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("invitation") as invitation:
        invitation.add_column(sa.Column("title", sa.String(20)))
