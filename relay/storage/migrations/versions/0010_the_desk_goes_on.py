"""The desk goes on: services, shifts, tools, consultations, improvements, reviews, coaching, mail, surveys, what customers prepare."""

import sqlalchemy as sa
from alembic import op

from relay.storage.tables import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "improvement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_improvement_organisation_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_improvement_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement")),
    )
    op.create_index(op.f("ix_improvement_state"), "improvement", ["state"], unique=False)
    op.create_table(
        "tool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title_fr", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_tool_organisation_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_tool_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool")),
        sa.UniqueConstraint("service_id", "name", name=op.f("uq_tool_service_id_name")),
    )
    op.create_table(
        "service_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_service_member_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_service_member_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_member_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_member")),
        sa.UniqueConstraint("service_id", "person_id", name=op.f("uq_service_member_service_id_person_id")),
    )
    op.create_index(op.f("ix_service_member_person_id"), "service_member", ["person_id"], unique=False)
    op.create_table(
        "shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["desk_group.id"], name=op.f("fk_shift_group_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_shift_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_shift_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint(
            "group_id", "person_id", "day", "from_minute", name=op.f("uq_shift_group_id_person_id_day_from_minute")
        ),
    )
    op.create_index(op.f("ix_shift_group_id"), "shift", ["group_id"], unique=False)
    op.create_index(op.f("ix_shift_person_id"), "shift", ["person_id"], unique=False)
    op.create_table(
        "coaching",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("coach_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["coach_id"], ["person.id"], name=op.f("fk_coaching_coach_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_coaching_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_coaching_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_coaching_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_coaching_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching")),
    )
    op.create_index(op.f("ix_coaching_person_id"), "coaching", ["person_id"], unique=False)
    op.create_index(op.f("ix_coaching_ticket_id"), "coaching", ["ticket_id"], unique=False)
    op.create_table(
        "consultation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_consultation_asked_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_consultation_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consultation_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_consultation_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_consultation_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_person_id"), "consultation", ["person_id"], unique=False)
    op.create_index(op.f("ix_consultation_ticket_id"), "consultation", ["ticket_id"], unique=False)
    op.create_table(
        "handling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("conclusion_s", sa.Integer(), nullable=True),
        sa.Column("is_prepared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_handling_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_handling_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_handling_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_handling_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling")),
    )
    op.create_index(op.f("ix_handling_ended_at"), "handling", ["ended_at"], unique=False)
    op.create_index(op.f("ix_handling_ticket_id"), "handling", ["ticket_id"], unique=False)
    op.create_table(
        "improvement_ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("improvement_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["improvement_id"], ["improvement.id"], name=op.f("fk_improvement_ticket_improvement_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_improvement_ticket_organisation_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_improvement_ticket_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_improvement_ticket_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_ticket")),
        sa.UniqueConstraint("improvement_id", "ticket_id", name=op.f("uq_improvement_ticket_improvement_id_ticket_id")),
    )
    op.create_index(
        op.f("ix_improvement_ticket_improvement_id"), "improvement_ticket", ["improvement_id"], unique=False
    )
    op.create_index(op.f("ix_improvement_ticket_ticket_id"), "improvement_ticket", ["ticket_id"], unique=False)
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_incoming_mail_organisation_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_incoming_mail_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incoming_mail_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_incoming_mail_message_id")),
    )
    op.create_index(op.f("ix_incoming_mail_ticket_id"), "incoming_mail", ["ticket_id"], unique=False)
    op.create_table(
        "preparation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("customer_number", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_preparation_organisation_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_preparation_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_preparation_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
        sa.UniqueConstraint("reference", name=op.f("uq_preparation_reference")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_review_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_person_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_reviewer_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_review_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_review_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_person_id"), "review", ["person_id"], unique=False)
    op.create_index(op.f("ix_review_ticket_id"), "review", ["ticket_id"], unique=False)
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("exchange", sa.Integer(), nullable=True),
        sa.Column("resolution", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_survey_organisation_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_survey_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_survey_token_hash")),
    )
    op.create_index(op.f("ix_survey_ticket_id"), "survey", ["ticket_id"], unique=False)
    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("last_error", sa.String(length=400), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_outgoing_mail_contact_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_outgoing_mail_organisation_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_outgoing_mail_service_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_outgoing_mail_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outgoing_mail_message_id")),
    )
    op.create_index(op.f("ix_outgoing_mail_contact_id"), "outgoing_mail", ["contact_id"], unique=False)
    op.create_index("ix_outgoing_mail_due", "outgoing_mail", ["state", "next_at"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_ticket_id"), "outgoing_mail", ["ticket_id"], unique=False)
    op.add_column("person", sa.Column("seniority", sa.String(length=20), server_default="experienced", nullable=False))
    op.add_column("person", sa.Column("news_read_at", UtcDateTime(), nullable=True))
    op.add_column("service", sa.Column("kind", sa.String(length=20), server_default="external", nullable=False))
    op.add_column("ticket", sa.Column("record", sa.String(length=20), server_default="contact", nullable=False))
    op.add_column("ticket", sa.Column("complexity", sa.String(length=20), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.add_column("ticket", sa.Column("reached", sa.Integer(), server_default="1", nullable=False))
    op.add_column("ticket", sa.Column("handlers", sa.Integer(), server_default="0", nullable=False))
    # How far a case had come before this was counted.
    op.execute("UPDATE ticket SET reached = level")
    # What lists and the trail are ordered by, and how a customer is found, also among a million.
    op.create_index("ix_document_newest", "document", ["service_id", "kind", "changed_at"], unique=False)
    op.create_index(op.f("ix_document_event_at"), "document_event", ["at"], unique=False)
    op.create_index("ix_ticket_handler", "ticket", ["service_id", "handler", "changed_at"], unique=False)
    op.create_index("ix_ticket_level", "ticket", ["service_id", "level", "changed_at"], unique=False)
    op.create_index("ix_ticket_newest", "ticket", ["service_id", "changed_at", "id"], unique=False)
    op.create_index(op.f("ix_ticket_event_at"), "ticket_event", ["at"], unique=False)
    op.create_index("ix_customer_number_said", "customer", [sa.text("lower(number)")], unique=False)
    op.create_index("ix_customer_email_said", "customer", [sa.text("lower(email)")], unique=False)
    op.create_index("ix_customer_phone_said", "customer", [sa.text("replace(phone, ' ', '')")], unique=False)


def downgrade() -> None:
    for name, table in (
        ("ix_customer_phone_said", "customer"),
        ("ix_customer_email_said", "customer"),
        ("ix_customer_number_said", "customer"),
        ("ix_ticket_event_at", "ticket_event"),
        ("ix_ticket_newest", "ticket"),
        ("ix_ticket_level", "ticket"),
        ("ix_ticket_handler", "ticket"),
        ("ix_document_event_at", "document_event"),
        ("ix_document_newest", "document"),
    ):
        op.drop_index(name, table_name=table)
    op.drop_column("ticket", "handlers")
    op.drop_column("ticket", "reached")
    op.drop_column("ticket", "weight")
    op.drop_column("ticket", "complexity")
    op.drop_column("ticket", "record")
    op.drop_column("service", "kind")
    op.drop_column("person", "news_read_at")
    op.drop_column("person", "seniority")
    op.drop_index(op.f("ix_outgoing_mail_ticket_id"), table_name="outgoing_mail")
    op.drop_index("ix_outgoing_mail_due", table_name="outgoing_mail")
    op.drop_index(op.f("ix_outgoing_mail_contact_id"), table_name="outgoing_mail")
    op.drop_table("outgoing_mail")
    op.drop_index(op.f("ix_survey_ticket_id"), table_name="survey")
    op.drop_table("survey")
    op.drop_index(op.f("ix_review_ticket_id"), table_name="review")
    op.drop_index(op.f("ix_review_person_id"), table_name="review")
    op.drop_table("review")
    op.drop_table("preparation")
    op.drop_index(op.f("ix_incoming_mail_ticket_id"), table_name="incoming_mail")
    op.drop_table("incoming_mail")
    op.drop_index(op.f("ix_improvement_ticket_ticket_id"), table_name="improvement_ticket")
    op.drop_index(op.f("ix_improvement_ticket_improvement_id"), table_name="improvement_ticket")
    op.drop_table("improvement_ticket")
    op.drop_index(op.f("ix_handling_ticket_id"), table_name="handling")
    op.drop_index(op.f("ix_handling_ended_at"), table_name="handling")
    op.drop_table("handling")
    op.drop_index(op.f("ix_consultation_ticket_id"), table_name="consultation")
    op.drop_index(op.f("ix_consultation_person_id"), table_name="consultation")
    op.drop_table("consultation")
    op.drop_index(op.f("ix_coaching_ticket_id"), table_name="coaching")
    op.drop_index(op.f("ix_coaching_person_id"), table_name="coaching")
    op.drop_table("coaching")
    op.drop_index(op.f("ix_shift_person_id"), table_name="shift")
    op.drop_index(op.f("ix_shift_group_id"), table_name="shift")
    op.drop_table("shift")
    op.drop_index(op.f("ix_service_member_person_id"), table_name="service_member")
    op.drop_table("service_member")
    op.drop_table("tool")
    op.drop_index(op.f("ix_improvement_state"), table_name="improvement")
    op.drop_table("improvement")
