/** The list of sessions and what it is searched by. */
import { _ } from "../catalogue.js";
import { button, element, get } from "../dom.js";
import { capabilityText, OUTCOMES, outcomeText } from "./words.js";

const COLUMNS = ["session", "ticket", "level", "at", "ended_at", "customer", "people", "capabilities", "refusals", "files", "outcome", "entries", "faults", "is_held"];

export class ListView {
  /** @type {number | null} where the next page begins */
  #next = null;
  /** @type {any[]} what is shown */
  #shown = [];

  /** @param {{ search: (asked: Record<string, string>) => Promise<{ sessions: any[], next: number | null }>, language: () => string }} desk */
  constructor(desk) {
    this.desk = desk;
    this.form = element("filters", HTMLFormElement);
    this.form.onsubmit = (event) => {
      event.preventDefault();
      void this.search();
    };
    this.form.onreset = () => { setTimeout(() => void this.search()); };
    button("more").onclick = () => void this.#add();
    button("save-list").onclick = () => this.#save();
  }

  /** Put the words of this language into what cannot be written in the page. */
  translate() {
    const all = new Option(_("All"), "");
    get("f-outcome").replaceChildren(all, ...OUTCOMES.map((outcome) => new Option(outcomeText(outcome), outcome)));
  }

  /** Look anew. */
  async search() {
    get("sessions").querySelector("tbody")?.replaceChildren();
    this.#next = null;
    this.#shown = [];
    await this.#add();
  }

  /** All recorded sessions that are searched for, also those that are not shown yet. @returns {Promise<string[]>} */
  async recorded() {
    const found = [], asked = { ...this.#asked(), capability: "record", limit: "100" };
    for (let page = await this.desk.search(asked); ; page = await this.desk.search({ ...asked, before: String(page.next) })) {
      found.push(...page.sessions.map(({ session }) => session));
      if (page.next === null) return found;
    }
  }

  async #add() {
    const asked = this.#asked(), shown = this.#shown;
    if (this.#next !== null) asked.before = String(this.#next);
    const { sessions, next } = await this.desk.search(asked);
    // Somebody has looked anew meanwhile.
    if (shown !== this.#shown) return;
    this.#next = next;
    shown.push(...sessions);
    button("more").hidden = next === null;
    get("sessions").querySelector("tbody")?.append(...sessions.map((each) => this.#row(each)));
    get("sessions-box").hidden = shown.length === 0;
    get("no-sessions").hidden = shown.length !== 0;
  }

  /** The rows that are shown, as a file for a spreadsheet. */
  #save() {
    const lines = [COLUMNS, ...this.#shown.map((session) => COLUMNS.map((name) => session[name]))];
    const link = element("save-list-file", HTMLAnchorElement);
    link.href = URL.createObjectURL(new Blob([lines.map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /** @returns {Record<string, string>} what is filled in, days as the seconds at which they begin and end here */
  #asked() {
    /** @type {Record<string, string>} */
    const asked = {};
    for (const [name, value] of new FormData(this.form)) {
      const text = String(value).trim();
      if (!text) continue;
      if (name === "since") asked[name] = String(Date.parse(`${text}T00:00:00`) / 1000);
      else if (name === "until") asked[name] = String(Date.parse(`${text}T23:59:59`) / 1000 + 1);
      else asked[name] = text;
    }
    return asked;
  }

  /** @param {any} session */
  #row(session) {
    const row = document.createElement("tr"), link = document.createElement("a");
    link.href = `#session=${encodeURIComponent(session.session)}`;
    link.textContent = new Date(session.at * 1000).toLocaleString(this.desk.language(), { dateStyle: "medium", timeStyle: "short" });
    const cells = [
      link, String(session.ticket), session.customer, session.people, session.capabilities.map(capabilityText).join(", "),
      session.ended_at || session.outcome ? outcomeText(session.outcome) : _("Going on"), this.#evidence(session),
    ];
    for (const cell of cells) row.insertCell().append(cell);
    return row;
  }

  /** @param {any} session */
  #evidence(session) {
    const state = document.createElement("span");
    const isComplete = session.faults?.length === 0;
    state.className = `state ${session.faults === null ? "" : isComplete ? "allowed" : "attention"}`;
    const word = session.faults === null ? _("Not looked at yet") : isComplete ? "✓ " + _("Complete") : "– " + _("Incomplete");
    state.textContent = session.is_held ? word + " · " + _("on hold") : word;
    return state;
  }
}

/**
 * One cell of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it, which it shows as text
 * (OWASP, CSV Injection).
 *
 * @param {unknown} value
 */
export function csvCell(value) {
  const text = Array.isArray(value) ? value.join(" ") : String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
