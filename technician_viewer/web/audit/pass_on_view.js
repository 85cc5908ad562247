/** To whom recordings are passed on, why, how far it has come, and what could not be passed on. */
import { _ } from "../catalogue.js";
import { NotAuthentic } from "../core/errors.js";
import { auditorFingerprint } from "../core/identity.js";
import { button, element, get } from "../dom.js";
import { auditorsOf, PassingOn } from "./passing_on.js";

export class PassOnView {
  /** @type {string[]} */
  #sessions = [];
  /** @type {import("./passing_on.js").Auditors} */
  #named = { auditors: [], hash: "" };
  /** @type {PassingOn | undefined} */
  #running;

  /**
   * @param {import("./api.js").AuditApi} api
   * @param {{ root: () => string, key: () => import("./key_file.js").OpenedKey | undefined, say: (what: unknown) => void }} room
   */
  constructor(api, room) {
    this.api = api;
    this.room = room;
    element("pass-on-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.#passOn();
    };
    element("pass-on-to", HTMLSelectElement).onchange = () => void this.#compare();
    button("pass-on-stop").onclick = () => this.#running?.stop();
  }

  /** @param {string[]} sessions whose recordings are to be passed on */
  async show(sessions) {
    this.hide();
    this.#sessions = sessions;
    get("pass-on-count").textContent = sessions.length === 1
      ? _("The recording of session {session}", { session: (sessions[0] ?? "").slice(0, 8) }) : _("{count} recorded sessions of your search", { count: sessions.length });
    get("pass-on-results").replaceChildren();
    get("pass-on-progress-box").hidden = true;
    try {
      this.#named = await auditorsOf(this.api, this.room.root());
    } catch (error) {
      this.#named = { auditors: [], hash: "" };
      if (!(error instanceof NotAuthentic)) throw error;
    }
    // It stays, whatever else is done on the page.
    get("pass-on-refused").hidden = this.#named.hash !== "";
    this.openWithKey();
  }

  /** Stop what is running: the auditor has gone elsewhere. */
  hide() { this.#running?.stop(); }

  /** Go on once a key is there. */
  openWithKey() {
    const mine = this.room.key();
    get("pass-on-key").hidden = mine !== undefined;
    const others = this.#named.auditors.filter(({ hpke_key: key }) => key !== mine?.auditor.hpke_key);
    element("pass-on-form", HTMLFormElement).hidden = !mine || others.length === 0;
    get("pass-on-nobody").hidden = !mine || others.length > 0 || this.#named.hash === "";
    element("pass-on-to", HTMLSelectElement).replaceChildren(...others.map(({ name, hpke_key: key }) => new Option(name, key)));
    void this.#compare();
  }

  /** @returns {import("../core/handling.js").Auditor | undefined} */
  get #to() { return this.#named.auditors.find(({ hpke_key: key }) => key === element("pass-on-to", HTMLSelectElement).value); }

  async #compare() { get("pass-on-fingerprint").textContent = this.#to ? await auditorFingerprint(this.#to) : ""; }

  async #passOn() {
    const mine = this.room.key(), to = this.#to, reason = element("pass-on-reason", HTMLTextAreaElement).value.trim();
    if (!mine || !to || !reason || this.#running) return;
    const progress = element("pass-on-progress", HTMLProgressElement), counts = { done: 0, before: 0, total: this.#sessions.length };
    const tell = () => {
      progress.max = counts.total;
      progress.value = counts.done;
      get("pass-on-told").textContent = _("{done} of {total} looked at, {count} passed on to {name}", { ...counts, count: counts.before, name: to.name });
    };
    get("pass-on-progress-box").hidden = false;
    get("pass-on-results").replaceChildren();
    button("pass-on-stop").hidden = false;
    button("pass-on-begin").disabled = true;
    this.room.say("");
    tell();
    this.#running = new PassingOn(this.api, this.room.root(), { mine, to, document: this.#named.hash, reason });
    try {
      await this.#running.run(this.#sessions, (session, result, why) => {
        counts.done += 1;
        if (result === "passed_on") counts.before += 1;
        else get("pass-on-results").append(this.#line(session, result, why));
        tell();
      });
    } catch (error) {
      this.room.say(error);
    } finally {
      this.#running = undefined;
      button("pass-on-stop").hidden = true;
      button("pass-on-begin").disabled = false;
    }
  }

  /** @param {string} session @param {import("./passing_on.js").Result} result @param {string} why */
  #line(session, result, why) {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = `#session=${encodeURIComponent(session)}`;
    link.textContent = _("Session {session}", { session: session.slice(0, 8) });
    item.append(link, " ", {
      has_it_already: _("can be opened by this auditor already"), not_recorded: _("was not recorded"), deleted: _("was recorded, and the recording was deleted"),
      not_for_this_key: _("was not sealed for your key: an auditor for whom it was can pass it on"), altered: _("was altered, and not passed on: {why}", { why }), passed_on: "",
    }[result]);
    return item;
  }
}
