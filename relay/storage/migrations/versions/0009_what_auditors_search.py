"""What auditors search sessions by."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime
from relay.storage.words import fold

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "session_fact",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("session_id", sa.Integer(), sa.ForeignKey("session.id"), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(400), nullable=False),
        sa.Column("people", sa.String(1000), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("capabilities", sa.String(200), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("faults", sa.String(400)),
        sa.UniqueConstraint("session_id"),
    )
    op.create_index("ix_session_fact_ticket", "session_fact", ["ticket"])
    _fill()


def _fill() -> None:
    """What is known of the sessions that are there already."""
    connection = op.get_bind()
    people: dict[int, str] = {}
    for session_id, name in connection.execute(sa.text("SELECT session_id, name FROM participant ORDER BY id")):
        people[session_id] = f"{people.get(session_id, '')}{fold(name)} "[:1000]
    allowed: dict[int, set[str]] = {}
    for session_id, capability in connection.execute(sa.text('SELECT session_id, capability FROM "grant"')):
        allowed.setdefault(session_id, set()).add(capability)
    rows = connection.execute(
        sa.text(
            "SELECT s.id, s.organisation_id, s.service_id, s.created_at, s.outcome, t.number AS ticket, t.level,"
            " c.name, c.number FROM session s JOIN ticket t ON t.id = s.ticket_id JOIN customer c ON c.id = t.customer_id"
        )
    ).all()
    fact = sa.table("session_fact", *map(sa.column, ("organisation_id", "service_id", "session_id", "ticket", "customer", "people",
        "level", "at", "capabilities", "refusals", "outcome")))  # fmt: skip
    for row in rows:
        capabilities = " ".join(sorted(allowed.get(row.id, set())))
        connection.execute(
            fact.insert().values(
                organisation_id=row.organisation_id,
                service_id=row.service_id,
                session_id=row.id,
                ticket=row.ticket,
                customer=fold(f"{row.name} {row[8]}")[:400],
                people=people.get(row.id, ""),
                level=row.level,
                at=row.created_at,
                capabilities=f" {capabilities} " if capabilities else " ",
                refusals=0,
                outcome=row.outcome or "",
            )
        )


def downgrade() -> None:
    op.drop_table("session_fact")
