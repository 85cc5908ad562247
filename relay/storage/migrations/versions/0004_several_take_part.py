"""Several people take part in a session: participants by the serial of their certificate, invitations, and who was certified."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Two people may have one name: who took part is told apart by the certificate.
    with op.batch_alter_table("participant", recreate="always") as participant:
        participant.drop_constraint("uq_participant_session_id_name", type_="unique")
        participant.add_column(sa.Column("serial", sa.String(32), nullable=False, server_default=""))
    op.create_table(
        "certificate",
        *_common(),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id"), nullable=False, index=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id")),
        sa.Column("invited_by", sa.Integer(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("serial", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "invitation",
        *_common(),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id"), nullable=False, index=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), index=True),
        sa.Column("token_hash", sa.String(64), unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("invited_by", sa.Integer(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
    )


def _common() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
    ]


def downgrade() -> None:
    op.drop_table("invitation")
    op.drop_table("certificate")
    with op.batch_alter_table("participant", recreate="always") as participant:
        participant.drop_column("serial")
        participant.create_unique_constraint("uq_participant_session_id_name", ["session_id", "name"])
