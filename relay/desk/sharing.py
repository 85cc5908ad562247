"""Sharing a session that is running: invitations, and the certificates of those who come to it (PROTOCOL.md, section 12).

Somebody who takes part invites a person of the desk, or makes a link for one from outside. Who comes gets a certificate for this
session, and the beginning of its log under a head that agent and first technician signed: nobody can stand in for that agent. What
they may see, the customer alone decides.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import signed_note
from protocol.errors import RemoteProtocolError
from protocol.limits import CERTIFICATE_VALID_S_MAX, TEXT_CHARACTERS_MAX
from protocol.session_log import TECHNICIAN, head_size, verify
from protocol.vocabulary import Role
from relay.desk import sessions, ticket_store, tickets
from relay.desk.directory import by_name
from relay.desk.people import Person, Tenant, insert_row, now_utc, token_hash
from relay.desk.rights import LEVEL_SKILLS, WRITERS
from relay.evidence.check import certificate_of
from relay.keys import Organisation
from relay.storage import tables
from relay.storage.changes import changed
from relay.storage.prepared import Prepared, Question, together
from translations import catalogue

INVITED_ROLES = ("technician", "supervisor", "expert")
"""Whose titles let them be invited."""
VALID_MINUTES = 15
"""How long an invitation waits."""
REASON_CHARACTERS_MAX = 1000
INVITATIONS_OPEN_MAX = 64
CERTIFICATES_MAX = 256
"""For one session, so that nobody fills the database with them."""
_HEADS_TRIED = 50
_BY_LINK = "link"


class NotShared(Exception):
    """The session cannot be shared, or not with this person; `reason` is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Beginning:
    """What tells a joiner who the agent is: the log's first entries, and a head of them that agent and first technician signed."""

    entries: list[str]
    head: str


@dataclass(frozen=True)
class Case:
    """What the session is about, and the customer's language."""

    ticket: str
    subject: str
    language: str


@dataclass(frozen=True)
class Admittance:
    """What somebody who joins is given."""

    certificate: str
    name: str
    role: str
    reason: str
    case: Case
    beginning: Beginning


async def candidates(connection: AsyncConnection, me: Person) -> list[Any]:
    """Whom one can invite: everybody of the desk who helps customers, by title or by skill; not oneself. Rows of `name`, `full_name`."""
    person, role, skill = tables.person, tables.role_grant, tables.skill
    helps = select(role.c.person_id).where(role.c.role.in_(INVITED_ROLES))
    is_skilled = skill.c.domain.in_(LEVEL_SKILLS), role.c.role.in_(WRITERS)
    can = select(role.c.person_id).join(skill, skill.c.person_id == role.c.person_id).where(*is_skilled)
    where = person.c.is_active, person.c.id != me.id, or_(person.c.id.in_(helps), person.c.id.in_(can))
    found = select(person.c.id, person.c.name, person.c.full_name).where(*where)
    return by_name(await connection.execute(found))


async def roles_of(connection: AsyncConnection, person_ids: list[int]) -> dict[int, list[str]]:
    """The titles of these people."""
    role = tables.role_grant
    rows = await connection.execute(select(role.c.person_id, role.c.role).where(role.c.person_id.in_(person_ids)))
    told: dict[int, list[str]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        told[row.person_id].append(row.role)
    return {person_id: sorted(roles) for person_id, roles in told.items()}


async def takes_part(connection: AsyncConnection, session: Any, person: Person) -> bool:
    """Whether this person is in the session now: came with a certificate of theirs, and has not left."""
    issued, participant = tables.certificate, tables.participant
    serials = list(
        (
            await connection.execute(
                select(issued.c.serial).where(issued.c.session_id == session.id, issued.c.person_id == person.id)
            )
        ).scalars()
    )
    if session.person_id == person.id:
        serials.append(certificate_of(session.certificate).serial)
    there = participant.c.session_id == session.id, participant.c.serial.in_(serials), participant.c.left_at.is_(None)
    return (await connection.execute(select(participant.c.id).where(*there).limit(1))).first() is not None


async def invite(
    connection: AsyncConnection, tenant: Tenant, session: Any, by: Person, name: str, role: Role, reason: str
) -> Any:
    """Invite a person of the desk; the row of the invitation. Who was invited already, is so from now on with the new words.

    Raises:
        NotShared: the session is not running, `by` does not take part, or nobody of that name can be invited.
    """
    await _check_may_invite(connection, session, by)
    whom = next((each for each in await candidates(connection, by) if each.name == name), None)
    if whom is None:
        raise NotShared("unknown_person")
    invitation = tables.invitation
    await connection.execute(
        update(invitation)
        .where(_is_open(), invitation.c.session_id == session.id, invitation.c.person_id == whom.id)
        .values(expires_at=now_utc())
    )
    invitation_id = await _insert(
        connection, tenant, session, by, person_id=whom.id, name=whom.full_name, role=role.value, reason=reason
    )
    changed(connection, f"person:{whom.id}")
    return (await connection.execute(_open_invitations().where(invitation.c.id == invitation_id))).one()


async def invite_title(
    connection: AsyncConnection, tenant: Tenant, session: Any, by: Person, title: str, role: Role, reason: str
) -> Any:
    """Invite whoever has this title and comes first, as a case goes to the next level; the row of the invitation.

    Raises:
        NotShared: the session is not running, `by` does not take part, or nobody else has this title.
    """
    await _check_may_invite(connection, session, by)
    people = await candidates(connection, by)
    titles = await roles_of(connection, [each.id for each in people])
    invited = [each for each in people if title in titles[each.id]]
    if not invited:
        raise NotShared("unknown_person")
    invitation = tables.invitation
    await connection.execute(
        update(invitation)
        .where(_is_open(), invitation.c.session_id == session.id, invitation.c.title == title)
        .values(expires_at=now_utc())
    )
    invitation_id = await _insert(
        connection, tenant, session, by, title=title, name=title, role=role.value, reason=reason
    )
    for each in invited:
        changed(connection, f"person:{each.id}")
    return (await connection.execute(_open_invitations().where(invitation.c.id == invitation_id))).one()


async def invite_guest(
    connection: AsyncConnection, tenant: Tenant, session: Any, by: Person, name: str, minutes: int, reason: str
) -> tuple[Any, str]:
    """Make a link for somebody from outside, who will see and nothing else: the row of the invitation, and the link's token.

    Raises:
        NotShared: the session is not running, or `by` does not take part.
    """
    await _check_may_invite(connection, session, by)
    token = secrets.token_urlsafe(32)
    invitation_id = await _insert(
        connection, tenant, session, by,
        token_hash=token_hash(token), name=name, role=Role.EXPERT.value, reason=reason, minutes=minutes,
    )  # fmt: skip
    return (await connection.execute(_open_invitations().where(tables.invitation.c.id == invitation_id))).one(), token


async def invitations_of(connection: AsyncConnection, person: Person) -> list[Any]:
    """The open invitations of a person, to sessions that still run."""
    (rows,) = await together(connection, invitations_question(person))
    return rows


def invitations_question(person: Person) -> Question:
    """What `invitations_of` asks."""
    return _of_person().asked(now=now_utc(), **_who(person))


@cache
def _of_person() -> Prepared:
    session = tables.session
    running = session.c.state != sessions.CLOSED, session.c.outcome.is_(None)
    return Prepared(_open_invitations(bindparam("now")).where(_is_for(), *running).order_by(tables.invitation.c.id))


async def take_back(connection: AsyncConnection, person: Person, invitation_id: int) -> bool:
    """End an open invitation, by whom it is for or who made it; False where there is none such."""
    invitation = tables.invitation
    theirs = (invitation.c.person_id == person.id) | (invitation.c.invited_by == person.id)
    ended = await connection.execute(
        update(invitation).where(_is_open(), theirs, invitation.c.id == invitation_id).values(expires_at=now_utc())
    )
    return bool(ended.rowcount)


async def join(
    connection: AsyncConnection, organisation: Organisation, tenant: Tenant, session: Any, person: Person, key: bytes
) -> Admittance:
    """Certify a person for a session that they were invited to, or sit in on as a supervisor.

    Raises:
        NotShared: it is not running, not signed by both ends yet, or the person was not invited (any more).
    """
    check_runs(session)
    invitation = tables.invitation
    mine = invitation.c.session_id == session.id, _is_for()
    invited = (await connection.execute(_open_invitations().where(*mine), _who(person))).first()
    beginning, case = await _beginning(connection, session), await _case_of(connection, session)
    if invited is not None:
        await _use(connection, invited)
        role, reason, by = Role(invited.role), _told(case, invited), invited.invited_by
    elif "supervisor" in person.roles:
        role, reason, by = Role.SUPERVISOR, _sits_in(case), person.id
    else:
        raise NotShared("not_invited")
    holder = sessions.Holder(person.full_name, role, key, person.method)
    certificate = await _certify(connection, organisation, tenant, session, case, holder, by, person_id=person.id)
    return Admittance(certificate, person.full_name, role.value, reason, case, beginning)


async def claim(
    connection: AsyncConnection, organisation: Organisation, tenant: Tenant, token: str, key: bytes
) -> tuple[Any, Admittance]:
    """Certify whoever holds a link, once, for the minutes that it names: the session's row, and what the guest is given.

    Raises:
        NotShared: the link was used, has expired, or was never made; or the session is not running.
    """
    invitation = tables.invitation
    invited = (
        await connection.execute(_open_invitations().where(invitation.c.token_hash == token_hash(token)))
    ).first()
    if invited is None:
        raise NotShared("link_not_valid")
    session = await sessions.find(connection, invited.session)
    assert session is not None
    check_runs(session)
    beginning, case = await _beginning(connection, session), await _case_of(connection, session)
    await _use(connection, invited)
    holder = sessions.Holder(invited.name, Role.EXPERT, key, _BY_LINK)
    certificate = await _certify(
        connection, organisation, tenant, session, case, holder, invited.invited_by, valid_s=invited.minutes * 60
    )
    return session, Admittance(certificate, invited.name, invited.role, _told(case, invited), case, beginning)


def check_runs(session: Any) -> None:
    """Pass silently when others can join the session now.

    Raises:
        NotShared: nobody has come to it yet, or it is over.
    """
    if session.state == sessions.CLOSED or session.outcome is not None:
        raise NotShared("session_closed")
    if not session.entries:
        raise NotShared("session_not_running")


async def _check_may_invite(connection: AsyncConnection, session: Any, by: Person) -> None:
    check_runs(session)
    if not await takes_part(connection, session, by):
        raise NotShared("not_taking_part")
    invitation = tables.invitation
    count = select(func.count()).where(_is_open(), invitation.c.session_id == session.id)
    if (await connection.execute(count)).scalar_one() >= INVITATIONS_OPEN_MAX:
        raise NotShared("too_many_invitations")


async def _insert(connection: AsyncConnection, tenant: Tenant, session: Any, by: Person, **values: Any) -> int:
    now = now_utc()
    invitation_id = await insert_row(
        connection,
        tables.invitation,
        **tenant.columns,
        session_id=session.id,
        invited_by=by.id,
        created_at=now,
        expires_at=now + timedelta(minutes=VALID_MINUTES),
        **values,
    )
    shared = tickets.SessionShared(session.session, values["name"], values["role"], values["reason"])
    await ticket_store.append(connection, tenant, session.ticket_id, by.id, shared)
    return invitation_id


async def _use(connection: AsyncConnection, invited: Any) -> None:
    invitation = tables.invitation
    used = await connection.execute(
        update(invitation).where(_is_open(), invitation.c.id == invited.id).values(used_at=now_utc())
    )
    if not used.rowcount:
        raise NotShared("not_invited")


async def _certify(
    connection: AsyncConnection,
    organisation: Organisation,
    tenant: Tenant,
    session: Any,
    case: Case,
    holder: sessions.Holder,
    invited_by: int,
    *,
    person_id: int | None = None,
    valid_s: int = CERTIFICATE_VALID_S_MAX,
) -> str:
    issued = tables.certificate
    count = select(func.count()).where(issued.c.session_id == session.id)
    if (await connection.execute(count)).scalar_one() >= CERTIFICATES_MAX:
        raise NotShared("too_many_invitations")
    serial, text = sessions.certify(organisation, holder, ticket=case.ticket, session=session.session, valid_s=valid_s)
    await insert_row(
        connection,
        issued,
        **tenant.columns,
        session_id=session.id,
        person_id=person_id,
        invited_by=invited_by,
        serial=serial,
        name=holder.name,
        role=holder.role.value,
        certificate=text,
        created_at=now_utc(),
    )
    return text


async def _beginning(connection: AsyncConnection, session: Any) -> Beginning:
    """The shortest beginning of the log that agent and first technician signed: a joiner learns no more of what was before.

    Raises:
        NotShared: there is none yet.
    """
    key = certificate_of(session.certificate).key
    for note in await sessions.heads_of(connection, session.id, most=_HEADS_TRIED):
        try:
            parsed = signed_note.parse(note)
            size = head_size(parsed)
            if size > session.entries or not signed_note.is_cosigned_with(parsed, TECHNICIAN, key):
                continue
            entries = await sessions.entries_of(connection, session.id, most=size)
            if verify(entries, [note], key).both == size:
                return Beginning(entries, note)
        except RemoteProtocolError:
            continue
    raise NotShared("no_signed_head_yet")


async def _case_of(connection: AsyncConnection, session: Any) -> Case:
    ticket, customer = tables.ticket, tables.customer
    found = select(ticket.c.number, ticket.c.subject, customer.c.language).join(
        customer, ticket.c.customer_id == customer.c.id
    )
    row = (await connection.execute(found.where(ticket.c.id == session.ticket_id))).one()
    return Case(str(row.number), row.subject, row.language)


def _told(case: Case, invited: Any) -> str:
    """Why somebody comes, as the customer will read it."""
    _ = catalogue(case.language).gettext
    text = _("Invited by {name}: {reason}").format(name=invited.inviter, reason=invited.reason)
    return text[:TEXT_CHARACTERS_MAX]


def _sits_in(case: Case) -> str:
    _ = catalogue(case.language).gettext
    return _("A supervisor sits in.")


def _is_for() -> Any:
    """For whoever `_who` says: by name, or by a title; whoever invites a title means somebody else."""
    invitation, invited = tables.invitation, bindparam("invited", type_=Integer)
    by_title = invitation.c.title.in_(bindparam("titles", expanding=True)) & (invitation.c.invited_by != invited)
    return (invitation.c.person_id == invited) | by_title


def _who(person: Person) -> dict[str, Any]:
    return {"invited": person.id, "titles": sorted(person.roles)}


def _is_open(now: Any = None) -> Any:
    invitation = tables.invitation
    return invitation.c.used_at.is_(None) & (invitation.c.expires_at > (now_utc() if now is None else now))


def _open_invitations(now: Any = None) -> Select[Any]:
    """Open invitations, each with its session, ticket, and who made it; somebody shut out has invited nobody."""
    invitation, session, ticket, person = tables.invitation, tables.session, tables.ticket, tables.person
    return (
        select(
            invitation,
            session.c.session,
            ticket.c.number.label("ticket"),
            ticket.c.subject,
            person.c.full_name.label("inviter"),
        )
        .join(session, invitation.c.session_id == session.c.id)
        .join(ticket, session.c.ticket_id == ticket.c.id)
        .join(person, invitation.c.invited_by == person.c.id)
        .where(_is_open(now), person.c.is_active)
    )
