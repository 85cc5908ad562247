/** What the technician reads when the server does not do what was asked: what happened, and what to do next. */
import { ApiError } from "../api.js";
import { _ } from "../catalogue.js";
import { NotAuthentic } from "../core/errors.js";

/** @param {unknown} error @returns {string} */
export function problemText(error) {
  if (error instanceof NotAuthentic) {
    return _("Something that the server said about this session does not hold, so it was not trusted. Tell whoever runs it.");
  }
  if (!(error instanceof ApiError)) {
    return error instanceof TypeError
      ? _("The server cannot be reached. Nothing is lost: check your connection and try again.")
      : _("This did not work. Nothing is lost: try again.");
  }
  switch (error.reason) {
    case "not_invited": return _("You are not invited to this session, or not any more. Ask whoever leads it to invite you.");
    case "link_not_valid": return _("This link was used already, or its time is over. Ask for a new one.");
    case "session_closed": return _("This session is over. What happened is on the ticket.");
    case "session_not_running": case "no_signed_head_yet": return _("This session has not begun yet. Wait a moment and try again.");
    case "not_taking_part": return _("Only somebody who takes part in the session can invite others.");
    case "too_many_invitations": return _("Too many invitations are open for this session. Wait until some have been used.");
  }
  switch (error.status) {
    case 401: return _("Your sign-in has run out. Sign in again in another tab, then try again here.");
    case 403: return _("Your role does not include remote assistance. Ask an administrator if it should.");
    case 404: return _("There is no such ticket. Go back to the tickets and choose one.");
    case 409: return _("This ticket cannot take remote assistance now: it was closed, or changed meanwhile. Look at the ticket.");
    case 429: return _("Too many attempts. Wait a minute and try again.");
    case 502: return _("The organisation's server does not answer. Nothing is lost: check your connection, then reload this page.");
    case 503: return _("Too many codes are waiting for their customers. Wait a minute and try again.");
    case 507: return _("The server's disk is full, so nothing could be recorded and nothing was begun. Tell whoever runs it.");
    default: return _("The server did not accept this. Nothing is lost: try again, or sign in again.");
  }
}
