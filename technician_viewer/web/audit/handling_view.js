/** What was done with a session's evidence later: passed on, deleted, kept on legal hold; and the way to hold it, or to end that. */
import { _ } from "../catalogue.js";
import { button, element, get } from "../dom.js";

/** @typedef {{ reason: string, by: string, at: number } | null} Hold */

export class HandlingView {
  #session = "";
  /** @type {Hold} */
  #hold = null;

  /**
   * @param {import("./api.js").AuditApi} api
   * @param {{ attempt: (what: () => Promise<void>) => Promise<void>, language: () => string }} room
   */
  constructor(api, room) {
    this.api = api;
    this.room = room;
    element("hold-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.room.attempt(() => this.#change());
    };
  }

  /** @param {string} session @param {Hold} hold @param {import("./evidence.js").Evidence} evidence */
  show(session, hold, evidence) {
    this.#session = session;
    this.#tell(hold);
    const items = evidence.resealed.map(({ by, auditor, reason, at }) =>
      `${this.#date(at)}  ${_("{by} passes the recording on to {to}: {reason}", { by: by.name, to: auditor.name, reason })}`);
    if (evidence.deleted) items.push(`${this.#date(evidence.deleted.deletion.at)}  ${deletionText(evidence.deleted)}`);
    get("handled").replaceChildren(...items.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    get("handled").hidden = items.length === 0;
  }

  async #change() {
    const text = element("hold-reason", HTMLTextAreaElement), reason = text.value.trim();
    if (this.#hold) await this.api.release(this.#session, reason);
    else await this.api.hold(this.#session, reason);
    text.value = "";
    this.#tell((await this.api.logged(this.#session)).hold);
    get("hold-state").focus();
  }

  /** @param {Hold} hold */
  #tell(hold) {
    this.#hold = hold;
    get("hold-state").textContent = hold
      ? _("On legal hold since {date}, by {name}: {reason}", { date: this.#date(hold.at), name: hold.by || _("the operator"), reason: hold.reason })
      : _("Not on legal hold: recording and log are deleted when their time is over.");
    get("hold-state").className = hold ? "state attention" : "quiet";
    get("hold-why").textContent = hold ? _("Why does the hold end?") : _("Why must it be kept?");
    button("hold-change").textContent = hold ? _("End the hold") : _("Keep everything of this session");
  }

  /** @param {number} atS */
  #date(atS) { return new Date(atS * 1000).toLocaleDateString(this.room.language(), { dateStyle: "long" }); }
}

/** @param {NonNullable<import("./evidence.js").Evidence["deleted"]>} deleted */
export const deletionText = ({ deletion, isByRule }) => isByRule
  ? _("The recording was deleted when its time was over. The log still proves that there was one.")
  : _("The recording was deleted before its time was over: {reason}", { reason: deletion.reason });
