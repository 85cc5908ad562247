"""The organisation's documents as the root signed them, those of before too: a log key that was changed is still known."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    table = op.create_table(
        "organisation_document",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.Integer(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.UniqueConstraint("organisation_id", "hash", name="uq_organisation_document_organisation_id_hash"),
    )
    known = {}
    sessions = sa.text("SELECT DISTINCT organisation_id, service_id, document FROM session")
    for organisation, service, text in op.get_bind().execute(sessions):
        if (number := _number(text)) is not None:
            digest = hashlib.sha256(text.encode()).digest()
            row = {"organisation_id": organisation, "service_id": service, "number": number, "hash": digest}
            known[organisation, digest] = row | {"text": text}
    if known:
        op.bulk_insert(table, list(known.values()))


def _number(text: str) -> int | None:
    """None of what is no document, as a session of before there were any has it."""
    try:
        return int(json.loads(json.loads(text)["body"])["number"])
    except (ValueError, LookupError, TypeError):
        return None


def downgrade() -> None:
    op.drop_table("organisation_document")
