/** Signing in and choosing a ticket, where the technician's own machine serves this page; the relay has pages for both. */
import { ApiError } from "../api.js";
import { _ } from "../catalogue.js";
import { element, get, input } from "../dom.js";
import { problemText } from "./problems.js";

/** @param {import("../api.js").Api} api @param {(text: string) => void} say @param {string} relay where the desk's own pages are */
export function askToSignIn(api, say, relay) {
  element("sign-in", HTMLFormElement).onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(input("name").value, input("password").value, input("code6").value);
      location.reload();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) say(problemText(error));
      else if (error.reason === "second_factor_not_set_up") say(_("Your six-digit codes are not set up yet. Sign in once at {address}, then come back here.", { address: relay }));
      else say(_("Name, password or code is not right. Try again."));
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
