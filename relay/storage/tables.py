"""The tables of the desk. Every row names the organisation and the service that it belongs to."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time; always UTC, never naive, whatever the database gives back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _table(name: str, *columns: Any) -> Table:
    """A table whose rows name organisation and service."""
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
        Column("service_id", ForeignKey("service.id"), nullable=False),
        *columns,
    )


organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("root_fingerprint", String(43), nullable=False, unique=True),
)

service = Table(
    "service",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
    Column("name", String(200), nullable=False),
    # For customers, for people of the organisation itself, or for training: there nothing is real and nothing is sent.
    Column("kind", String(20), nullable=False, default="external", server_default="external"),
    # Where its customers write to and hear from; empty: the desk's own address.
    Column("mail_address", String(200), nullable=False, default="", server_default=""),
)

person = _table(
    "person",
    Column("name", String(64), nullable=False, unique=True),
    Column("full_name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("language", String(2)),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seniority", String(20), nullable=False, default="experienced", server_default="experienced"),
    # Up to when this person knows what is new among the articles.
    Column("news_read_at", UtcDateTime),
)

# In which services somebody works, beside the one that their own row names: the one they work in now.
service_member = _table(
    "service_member",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    UniqueConstraint("service_id", "person_id"),
)

role_grant = _table(
    "role_grant",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "role"),
)

totp = _table(
    "totp",
    Column("person_id", ForeignKey("person.id"), nullable=False, unique=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False, default=0),
    Column("enrolled_at", UtcDateTime),
)

recovery_code = _table(
    "recovery_code",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcDateTime),
)

sign_in = _table(
    "sign_in",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("csrf", String(64), nullable=False),
    Column("method", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

sign_in_audit = _table(
    "sign_in_audit",
    Column("at", UtcDateTime, nullable=False),
    Column("name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("result", String(20), nullable=False),
)

customer = _table(
    "customer",
    Column("number", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("email", String(200), nullable=False),
    Column("address", String(400), nullable=False),
    # An external customer, or somebody of the organisation itself.
    Column("kind", String(20), nullable=False, default="external", server_default="external"),
    Column("language", String(2), nullable=False, default="fr", server_default="fr"),
    Column("version", Integer, nullable=False, default=1, server_default="1"),
    Index("ix_customer_number", "number"),
)

# How a customer is found by what they say, whatever its capitals and blanks.
Index("ix_customer_number_said", func.lower(customer.c.number))
Index("ix_customer_email_said", func.lower(customer.c.email))
Index("ix_customer_phone_said", func.replace(customer.c.phone, " ", ""))

device = _table(
    "device",
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("type", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("reference", String(60), nullable=False, default="", server_default=""),
    Column("serial", String(60), nullable=False, default="", server_default=""),
)
Index("ix_device_serial_said", func.lower(device.c.serial))

contract = _table(
    "contract",
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("number", String(40), nullable=False),
    Column("offer", String(200), nullable=False),
    Column("terms", String(400), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)

customer_order = _table(
    "customer_order",
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("number", String(40), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("lines", Text, nullable=False),
    Column("state", String(20), nullable=False),
)

contact = _table(
    "contact",
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("ticket_id", ForeignKey("ticket.id"), index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("is_incoming", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    # Texts to a customer wait until somebody, or a gateway, has sent them.
    Column("state", String(20), nullable=False),
)

ticket = _table(
    "ticket",
    Column("number", Integer, nullable=False, unique=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    # What the events say, kept beside them so that lists and search need not replay every ticket.
    Column("subject", String(200), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Column("level", Integer, nullable=False, default=1, server_default="1"),
    Column("stage", String(20), nullable=False, default="working", server_default="working"),
    Column("procedure", String(40), nullable=False, default="", server_default=""),
    Column("priority", Integer, nullable=False, default=3, server_default="3"),
    Column("group_name", String(40), nullable=False, default="", server_default=""),
    Column("handler", String(64), nullable=False, default="", server_default=""),
    Column("events", Integer, nullable=False, default=0, server_default="0"),
    Column("follow_up_at", UtcDateTime),
    Column("record", String(20), nullable=False, default="contact", server_default="contact"),
    Column("complexity", String(20), nullable=False, default="", server_default=""),
    Column("weight", Integer, nullable=False, default=1, server_default="1"),
    # The highest level that the case has been at.
    Column("reached", Integer, nullable=False, default=1, server_default="1"),
    Column("handlers", Integer, nullable=False, default=0, server_default="0"),
    Index("ix_ticket_queue", "state", "level", "group_name", "priority"),
    # The lists: everything, of one level, of one person; the newest change first.
    Index("ix_ticket_newest", "service_id", "changed_at", "id"),
    Index("ix_ticket_level", "service_id", "level", "changed_at"),
    Index("ix_ticket_handler", "service_id", "handler", "changed_at"),
    Index("ix_ticket_follow_up", "service_id", "follow_up_at"),
)
# What is not closed, apart: nearly all that ever were are. A list that is to begin here says it with these very words.
ticket_is_open = text("ticket.state <> 'closed'")
Index(
    "ix_ticket_open",
    ticket.c.service_id,
    ticket.c.changed_at,
    ticket.c.id,
    sqlite_where=text("state <> 'closed'"),
    postgresql_where=text("state <> 'closed'"),
)
Index(
    "ix_ticket_urgent",
    ticket.c.service_id,
    ticket.c.state,
    ticket.c.priority,
    ticket.c.weight.desc(),
    ticket.c.changed_at,
    ticket.c.id,
)

ticket_event = _table(
    "ticket_event",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("person_id", ForeignKey("person.id")),
    Column("event", Text, nullable=False),
    UniqueConstraint("ticket_id", "number"),
)

session = _table(
    "session",
    Column("session", String(32), nullable=False, unique=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("device_type", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asks", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("certificate", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("technician_key", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(20)),
    Column("ended_by", String(20)),
    Column("view_ms", Integer),
    Column("control_ms", Integer),
    # Until when recording and log are kept, by the document that the session was opened under.
    Column("recording_due_at", UtcDateTime, index=True),
    Column("log_due_at", UtcDateTime, index=True),
    # The end of the log's chain: how many entries there are, and the hash of the last one.
    Column("entries", Integer, nullable=False, default=0, server_default="0"),
    Column("last_hash", LargeBinary),
    # The node of the relay to which its agent came last: nobody else says how the session stands.
    Column("node", String(200), nullable=False, default="", server_default=""),
)

# The nodes of the relay. Each counts on while it is there; `run` is drawn anew each time that it is started.
node = _table(
    "node",
    Column("name", String(200), nullable=False),
    Column("run", String(32), nullable=False),
    Column("beats", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "name"),
)

# What auditors search sessions by, derived from their logs; names without capitals and accents.
session_fact = _table(
    "session_fact",
    Column("session_id", ForeignKey("session.id"), nullable=False, unique=True),
    Column("ticket", Integer, nullable=False, index=True),
    Column("customer", String(400), nullable=False),
    Column("people", String(1000), nullable=False),
    Column("level", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # Each with a space before and behind.
    Column("capabilities", String(200), nullable=False),
    Column("refusals", Integer, nullable=False),
    # How many were moved.
    Column("files", Integer, nullable=False, server_default="0"),
    Column("outcome", String(20), nullable=False),
    # What the evidence lacks; null until that has been looked at.
    Column("faults", String(400)),
)

room = _table(
    "room",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("number", String(5), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("participant", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("is_live", Boolean, nullable=False),
)
Index(
    "one_live_room_per_number",
    room.c.number,
    unique=True,
    sqlite_where=text("is_live"),
    postgresql_where=text("is_live"),
)

participant = _table(
    "participant",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("serial", String(32), nullable=False, default="", server_default=""),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
)

# Those who were certified for a session after its first technician: invited, or by a link of their own.
certificate = _table(
    "certificate",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id")),
    Column("invited_by", ForeignKey("person.id"), nullable=False),
    Column("serial", String(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("certificate", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

invitation = _table(
    "invitation",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    # A person of ours, or whoever of ours has this title and comes first, or a guest with a link: the hash of its token.
    Column("person_id", ForeignKey("person.id"), index=True),
    Column("title", String(20)),
    Column("token_hash", String(64), unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    # For how long a guest's certificate is valid, from the moment the link is opened.
    Column("minutes", Integer),
    Column("invited_by", ForeignKey("person.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

grant = _table(
    "grant",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("entry_number", Integer, nullable=False),
    Column("participant", String(200), nullable=False),
    Column("capability", String(20), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(20)),
    UniqueConstraint("session_id", "entry_number", "capability"),
)

log_entry = _table(
    "log_entry",
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    # What the entry speaks of by its hash, sealed: the keys of the recording, notes, titles. Gone once its time is over.
    Column("beside", LargeBinary),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "number"),
)

# A segment of the recording that is kept: `hash` is that of the bytes in the store, to be held against the log.
segment = _table(
    "segment",
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "number"),
)

head = _table(
    "head",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "note"),
)

# The log of all sessions: each leaf as its text, which goes when the evidence is deleted ...
log_leaf = _table(
    "log_leaf",
    Column("position", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("session_id", ForeignKey("session.id")),
    # Tells several leaves of one kind and session apart.
    Column("subject", String(64), nullable=False),
    Column("leaf", Text),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("organisation_id", "position"),
    UniqueConstraint("session_id", "kind", "subject"),
)

# ... and the complete nodes of the tree over the leaves' hashes, which stay.
log_node = Table(
    "log_node",
    metadata,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("service_id", ForeignKey("service.id"), nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Sessions whose tickets are still to be told what the evidence is worth.
evidence_task = _table(
    "evidence_task",
    Column("session_id", ForeignKey("session.id"), nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

# What was deleted of a session's evidence, with the signed certificate; `is_swept` once the store of blobs is cleared too.
deletion = _table(
    "deletion",
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("what", String(20), nullable=False),
    Column("certificate", Text, nullable=False),
    Column("is_swept", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "what"),
)

# The organisation's documents under which this server has worked, as the root signed them.
organisation_document = _table(
    "organisation_document",
    Column("number", BigInteger, nullable=False),
    # SHA-256 of the text.
    Column("hash", LargeBinary(32), nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("organisation_id", "hash"),
)

# Recordings that one auditor passed on to another: the record, which holds the key as it was sealed again.
resealing = _table(
    "resealing",
    Column("session_id", ForeignKey("session.id"), nullable=False),
    # SHA-256 of the key (X25519) that it was sealed to.
    Column("auditor", LargeBinary(32), nullable=False),
    Column("record", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "auditor"),
)

# Sessions of which nothing may be deleted, whatever the time.
legal_hold = _table(
    "legal_hold",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("person_id", ForeignKey("person.id")),
    Column("at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    Column("released_because", Text),
)

# What the desk writes for itself: articles, scripts, question trees, procedures.
document = _table(
    "document",
    Column("kind", String(20), nullable=False),
    # The short name that others refer to it by; articles go by their number.
    Column("name", String(40), nullable=False),
    # What the events say, kept beside them.
    Column("title", String(200), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("in_force", Integer, nullable=False),
    Column("newest", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("service_id", "kind", "name"),
    Index("ix_document_newest", "service_id", "kind", "changed_at"),
)

document_event = _table(
    "document_event",
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("person_id", ForeignKey("person.id")),
    Column("event", Text, nullable=False),
    UniqueConstraint("document_id", "number"),
)

# How often an article was used for a ticket, and by which level: what the knowledge is worth.
article_use = _table(
    "article_use",
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("how", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("document_id", "ticket_id", "how"),
)

# What somebody can do beyond their role: a domain, and from 1 to 3 how well; `level` 2 or 3 opens that level's work.
skill = _table(
    "skill",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("domain", String(40), nullable=False),
    Column("grade", Integer, nullable=False),
    UniqueConstraint("person_id", "domain"),
)

desk_group = _table(
    "desk_group",
    Column("name", String(40), nullable=False),
    Column("title_fr", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("level", Integer, nullable=False),
    UniqueConstraint("service_id", "name"),
)

group_member = _table(
    "group_member",
    Column("group_id", ForeignKey("desk_group.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    UniqueConstraint("group_id", "person_id"),
)

# Opening hours of a group: day 0 is Monday, minutes of the day in the organisation's time zone.
opening = _table(
    "opening",
    Column("group_id", ForeignKey("desk_group.id"), nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("from_minute", Integer, nullable=False),
    Column("to_minute", Integer, nullable=False),
    UniqueConstraint("group_id", "day", "from_minute"),
)

# When somebody of a group is on duty, by the same clock.
shift = _table(
    "shift",
    Column("group_id", ForeignKey("desk_group.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("from_minute", Integer, nullable=False),
    Column("to_minute", Integer, nullable=False),
    UniqueConstraint("group_id", "person_id", "day", "from_minute"),
)

# Who was shown which version of a procedure.
training = _table(
    "training",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "document_id", "version"),
)

# Changes that have no events of their own, for the audit trail.
change = _table(
    "change",
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("person_id", ForeignKey("person.id")),
    Column("subject", String(20), nullable=False),
    Column("subject_id", Integer, nullable=False),
    Column("what", Text, nullable=False),
)

# Other programs that an adviser opens beside the ticket; the address has places for what is known of the customer.
tool = _table(
    "tool",
    Column("name", String(40), nullable=False),
    Column("title_fr", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("address", String(400), nullable=False),
    UniqueConstraint("service_id", "name"),
)

# A colleague is asked about a case that stays where it is.
consultation = _table(
    "consultation",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("asked_by", ForeignKey("person.id"), nullable=False),
    Column("question", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
)

# What should become better, and the tickets that show it.
improvement = _table(
    "improvement",
    Column("title", String(200), nullable=False),
    Column("cause", Text, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("version", Integer, nullable=False, default=1, server_default="1"),
    Column("changed_at", UtcDateTime, nullable=False),
)

improvement_ticket = _table(
    "improvement_ticket",
    Column("improvement_id", ForeignKey("improvement.id"), nullable=False, index=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    UniqueConstraint("improvement_id", "ticket_id"),
)

# Somebody has looked at how a call was led; the marks are JSON: criterion to kept, missed or not applicable.
review = _table(
    "review",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("reviewer_id", ForeignKey("person.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("marks", Text, nullable=False),
    Column("score", Integer),
    Column("remark", Text, nullable=False),
)

coaching = _table(
    "coaching",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("ticket_id", ForeignKey("ticket.id"), index=True),
    Column("coach_id", ForeignKey("person.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime),
    Column("done_at", UtcDateTime),
)

# What a customer has told before the call, until it becomes a ticket.
preparation = _table(
    "preparation",
    Column("reference", String(12), nullable=False, unique=True),
    Column("procedure", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("customer_number", String(40), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("email", String(200), nullable=False),
    Column("words", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("ticket_id", ForeignKey("ticket.id")),
)

# How long a contact took, and whether the customer had prepared it.
handling = _table(
    "handling",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False, index=True),
    Column("seconds", Integer, nullable=False),
    Column("conclusion_s", Integer),
    Column("is_prepared", Boolean, nullable=False),
)

# Mail to customers, in the order in which it was written for each ticket.
outgoing_mail = _table(
    "outgoing_mail",
    Column("contact_id", ForeignKey("contact.id"), index=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("recipient", String(200), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False),
    Column("last_error", String(400), nullable=False, default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Index("ix_outgoing_mail_due", "state", "next_at"),
)

incoming_mail = _table(
    "incoming_mail",
    Column("message_id", String(200), nullable=False, unique=True),
    Column("ticket_id", ForeignKey("ticket.id"), index=True),
    Column("sender", String(200), nullable=False),
    Column("result", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Whether a customer was content, with the exchange and with the resolution; each from 1 to 5.
survey = _table(
    "survey",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("exchange", Integer),
    Column("resolution", Integer),
    Column("words", Text, nullable=False, default=""),
)

# What search finds; the words themselves lie in what each database does best (relay/storage/search.py).
search_entry = _table(
    "search_entry",
    Column("kind", String(20), nullable=False),
    Column("subject_id", Integer, nullable=False),
    UniqueConstraint("service_id", "kind", "subject_id"),
)

# In the order of code points everywhere, so that words with the same beginning lie together.
_word = String(40).with_variant(String(40, collation="C"), "postgresql")

# Every word that was ever indexed, and each with one letter left out: how typing errors are forgiven.
search_word = _table(
    "search_word",
    Column("word", _word, nullable=False),
    UniqueConstraint("service_id", "word"),
)

search_spelling = _table(
    "search_spelling",
    Column("shorter", String(40), nullable=False),
    Column("word", _word, nullable=False),
    UniqueConstraint("service_id", "shorter", "word"),
)
