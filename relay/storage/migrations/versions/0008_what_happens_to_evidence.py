"""What happens to evidence after the session: the ticket is told, it is held, and deleted when its time is over."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "evidence_task",
        *_of_session(),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False, index=True),
        sa.UniqueConstraint("session_id"),
    )
    op.create_table(
        "deletion",
        *_of_session(),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("is_swept", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("session_id", "what"),
    )
    op.create_table(
        "legal_hold",
        *_of_session(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id")),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime()),
        sa.Column("released_because", sa.Text()),
    )
    op.create_index("ix_legal_hold_session_id", "legal_hold", ["session_id"])
    for name in ("recording_due_at", "log_due_at"):
        op.add_column("session", sa.Column(name, UtcDateTime()))
        op.create_index(f"ix_session_{name}", "session", [name])


def _of_session() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id"), nullable=False),
    ]


def downgrade() -> None:
    for name in ("recording_due_at", "log_due_at"):
        op.drop_index(f"ix_session_{name}", "session")
        op.drop_column("session", name)
    for table in ("legal_hold", "deletion", "evidence_task"):
        op.drop_table(table)
