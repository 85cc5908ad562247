/** The same tree as protocol/errors.py, as far as the page needs it. */
export class ProtocolError extends Error {}
/** Our own program asked for something the protocol does not allow. */
export class LocalProtocolError extends ProtocolError {}
/** The other end sent something the protocol does not allow. */
export class RemoteProtocolError extends ProtocolError {}
/** The other end speaks no version that we speak. */
export class UnknownVersion extends RemoteProtocolError {}
/** A tag or a signature does not verify. */
export class NotAuthentic extends RemoteProtocolError {}
/** The two ends do not share the secret of the support code. */
export class WrongSupportCode extends NotAuthentic {}
/** A recording was not sealed for this auditor. */
export class NotForThisKey extends NotAuthentic {}
/** A session log, one of its heads, or a recording was altered. */
export class LogTampered extends NotAuthentic {}
/** Nobody whom the organisation's root vouches for. */
export class NotCertified extends NotAuthentic {}
/** The log of all sessions does not hold what it has to. */
export class NotLogged extends NotAuthentic {}
/** What a person typed cannot be a support code. */
export class BadSupportCode extends ProtocolError {}
