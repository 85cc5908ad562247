/** Signing in and choosing a ticket, where the technician's own machine serves this page; the relay has pages for both. */
import { ApiError } from "../api.js";
import { _ } from "../catalogue.js";
import { element, get, input } from "../dom.js";

/** @param {import("../api.js").Api} api @param {(text: string) => void} say */
export function askToSignIn(api, say) {
  element("sign-in", HTMLFormElement).onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(input("name").value, input("password").value, input("code6").value);
      location.reload();
    } catch (error) {
      const tooOften = error instanceof ApiError && error.status === 429;
      say(tooOften ? _("Too many attempts. Wait a minute and try again.") : _("Name, password or code is not right. Try again."));
    }
  };
}

/** @param {{ number: number, subject: string }[]} tickets */
export function listTickets(tickets) {
  for (const ticket of tickets) {
    const link = document.createElement("a");
    link.href = `?ticket=${encodeURIComponent(ticket.number)}`;
    link.textContent = `${ticket.number}  ${ticket.subject}`;
    const item = document.createElement("li");
    item.append(link);
    get("ticket-list").append(item);
  }
}
