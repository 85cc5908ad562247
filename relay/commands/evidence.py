"""`check-log`: what a session log proves, in words and as an exit code of its own for each answer."""

from enum import IntEnum
from pathlib import Path

from protocol.errors import NotCertified, RemoteProtocolError
from protocol.identity import fingerprint_from_text
from relay.commands.terminal import CannotGoOn, Exit, _, say
from relay.evidence.check import FILE_BYTES_MAX, Checked, LogIsEmpty, NotALog, check_log


class Proven(IntEnum):
    """What `check-log` found, as its exit code."""

    VERIFIED = 0
    ALTERED = 1
    INCOMPLETE = 2
    CONSISTENT = 3
    """Nothing is altered, but nobody said which root has to stand behind it."""


def tell_what_it_proves(file: Path, root: str | None) -> int:
    """Print what the log in `file` proves.

    Raises:
        CannotGoOn: there is nothing to check: no file, not a log, or `root` is not a fingerprint.
    """
    if root is not None:
        try:
            fingerprint_from_text(root)
        except NotCertified:
            raise CannotGoOn(
                _("--root: expected the fingerprint of a root key, 43 letters, digits, - and _. Nothing was checked."),
                Exit.USAGE,
            ) from None
    try:
        checked = check_log(_read(file), root=root or "")
    except NotALog:
        raise CannotGoOn(
            _("{file} is not a session log as a ticket gives it. Download it again.", file=file), Exit.NOT_A_LOG
        ) from None
    except LogIsEmpty:
        say(_("INCOMPLETE: the log has no entry at all."))
        return Proven.INCOMPLETE
    except NotCertified as error:
        say(_("ALTERED, or of another organisation: {why}", why=error))
        return Proven.ALTERED
    except RemoteProtocolError as error:
        say(_("ALTERED: {why}", why=error))
        return Proven.ALTERED
    return _tell(checked)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise CannotGoOn(_("This file is too large to be a session log."), Exit.NOT_A_LOG)
        return file.read_bytes()
    except OSError as error:
        raise CannotGoOn(
            _("{file} cannot be read: {why}", file=file, why=error.strerror or error), Exit.NO_INPUT
        ) from None


def _tell(checked: Checked) -> Proven:
    verdict, certificate = checked.verdict, checked.certificate
    say(_("Session {session}, ticket {ticket}", session=checked.opened.session, ticket=checked.opened.ticket))
    say(_("Technician: {name}, {organisation}", name=certificate.name, organisation=certificate.organisation))
    for one in checked.joined:
        say(_("Also there: {name} ({role})", name=one.name, role=one.role))
    for name in checked.missing:
        say(_("Also there: {name}, whose certificate is not in the file", name=name))
    say(
        _(
            "Entries: {count}; signed by both sides up to {both}, by the agent alone up to {agent}.",
            count=len(verdict.entries),
            both=verdict.both,
            agent=verdict.agent,
        )
    )
    if verdict.clocks_differ:
        say(_("The clocks of the two sides differed by more than two minutes."))
    if not checked.root_is_known:
        say(_("No root was given (--root): the log agrees with itself, but who stands behind it is not checked."))
    if not verdict.is_complete:
        say(_("INCOMPLETE: nothing is altered, but the end is missing or not signed by both sides."))
        return Proven.INCOMPLETE
    if checked.missing:
        say(_("INCOMPLETE: nothing is altered, but a certificate is missing of somebody who took part."))
        return Proven.INCOMPLETE
    if not checked.root_is_known:
        say(_("CONSISTENT: nothing is altered. Give the root's fingerprint with --root to know whose log it is."))
        return Proven.CONSISTENT
    say(
        _(
            "VERIFIED: nothing is altered, both sides signed the whole log, and the organisation's root stands behind it."
        )
    )
    return Proven.VERIFIED
