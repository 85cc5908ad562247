/** What the technician reads when the server does not do what was asked: what happened, and what to do next. */
import { ApiError } from "../api.js";
import { _ } from "../catalogue.js";

/** @param {unknown} error @returns {string} */
export function problemText(error) {
  if (!(error instanceof ApiError)) {
    return error instanceof TypeError
      ? _("The server cannot be reached. Nothing is lost: check your connection and try again.")
      : _("This did not work. Nothing is lost: try again.");
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
