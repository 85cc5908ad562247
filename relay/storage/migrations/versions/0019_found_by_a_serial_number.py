"""A customer is found by the serial number of what they have, whatever its capitals."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("ix_device_serial_said", "device", [sa.text("lower(serial)")], unique=False)


def downgrade() -> None:
    op.drop_index("ix_device_serial_said", "device")
