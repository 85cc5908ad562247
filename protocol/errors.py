"""One tree of errors; the class tells whose mistake it was.

    ProtocolError
    ├── LocalProtocolError        ours: a bug in the program that called
    ├── RemoteProtocolError       theirs: malformed, out of order, too large, not allowed
    │   ├── UnknownVersion        the other end speaks no version that we speak
    │   └── NotAuthentic          a tag or a signature does not verify
    │       ├── WrongSupportCode  the two ends do not share the secret of the support code
    │       ├── NotCertified      the chain from root to technician does not hold
    │       ├── NotForThisKey     a recording was not sealed for this auditor
    │       ├── LogTampered       a log, one of its heads, or a recording was altered
    │       └── NotLogged         the log of all sessions does not hold what it has to
    └── BadSupportCode            what a person typed cannot be a support code

Texts name what was expected and what came; what people read is written in the programs' catalogues.
"""


class ProtocolError(Exception):
    """Anything that protocol/ refuses."""


class LocalProtocolError(ProtocolError):
    """Our own program asked for something the protocol does not allow."""


class RemoteProtocolError(ProtocolError):
    """The other end sent something the protocol does not allow."""


class UnknownVersion(RemoteProtocolError):
    """The other end speaks no protocol version that we speak."""


class NotAuthentic(RemoteProtocolError):
    """A tag or a signature does not verify."""


class WrongSupportCode(NotAuthentic):
    """The key confirmation fails: the two ends do not share the secret of the support code."""


class NotCertified(NotAuthentic):
    """A technician's certificate does not lead back to the organisation's root, or does not hold here and now."""


class NotForThisKey(NotAuthentic):
    """Nothing was sealed for this auditor: not named when the recording was made, or named with another key."""


class LogTampered(NotAuthentic):
    """A log, of one session or of all, or one of its heads was altered, shortened, reordered or signed by somebody else."""


class NotLogged(NotAuthentic):
    """A session, or somebody who came to it, is not in the log of all sessions as its keys and witnesses vouch for it."""


class BadSupportCode(ProtocolError):
    """What a person typed cannot be a support code."""
