/** Invitations to the sessions of others, each with a way in. */
import { _ } from "../catalogue.js";
import { get } from "../dom.js";

/** @param {{ session: string, ticket: string, subject: string, reason: string, invited_by: string }[]} invitations */
export function listInvitations(invitations) {
  get("invitations").hidden = invitations.length === 0;
  get("invitation-list").replaceChildren(...invitations.map((each) => {
    const item = document.createElement("li"), text = document.createElement("span"), why = document.createElement("span"), join = document.createElement("a");
    text.textContent = _("{name} invites you: ticket {number}, {subject}", { name: each.invited_by, number: each.ticket, subject: each.subject });
    why.className = "quiet";
    why.textContent = each.reason;
    join.className = "button";
    join.href = `?join=${encodeURIComponent(each.session)}`;
    join.textContent = _("Join");
    item.append(text, why, join);
    return item;
  }));
}
