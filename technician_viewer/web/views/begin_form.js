/** Before a session: why, what is asked for, and how the code should look. */
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

  /** @param {{ subject: string, customer: string, language: string }} ticket */
  show({ subject, customer, language }) {
    get("subject").textContent = [subject, customer].filter(Boolean).join(" – ");
    const remembered = localStorage.getItem(REMEMBERED) ?? "";
    this.form.value = CODE_FORMS.includes(remembered) ? remembered : language;
    get("reason").focus();
  }
}
