/** Before a session: why, what is asked for, and how the code should look. */
import { _ } from "../catalogue.js";
import { CODE_FORMS } from "../codes.js";
import { element, get, input } from "../dom.js";

const REMEMBERED = "mainforte.code_form";

export class BeginForm {
  /** @param {(wish: { reason: string, asks: string, form: string }) => Promise<void>} onWish */
  constructor(onWish) {
    this.form = element("code-form", HTMLSelectElement);
    element("begin", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      localStorage.setItem(REMEMBERED, this.form.value);
      const reason = element("reason", HTMLTextAreaElement).value.trim();
      void onWish({ reason, asks: input("asks-control").checked ? "control" : "view", form: this.form.value });
    };
  }

  /**
   * With what the ticket knows: the device is named, and its subject stands as the reason, marked so that typing replaces it.
   *
   * @param {{ subject: string, customer: { name: string }, device: { type: string, name: string } }} ticket @param {string} language
   */
  show({ subject, customer, device }, language) {
    get("subject").textContent = [customer.name, [deviceWord(device.type), device.name].filter(Boolean).join(", ")].filter(Boolean).join(" – ");
    const remembered = localStorage.getItem(REMEMBERED) ?? "";
    this.form.value = CODE_FORMS.includes(remembered) ? remembered : language;
    const reason = element("reason", HTMLTextAreaElement);
    reason.value = subject;
    reason.select();
  }
}

/** @param {string} type */
function deviceWord(type) {
  const words = { computer: _("Computer"), television: _("Television"), box: _("Box"), phone: _("Telephone"), other: "" };
  return words[/** @type {keyof typeof words} */ (type)] ?? "";
}
