/** Inviting somebody to the session: a colleague, who finds it on the desk, or somebody from outside, by a link. */
import { _ } from "../catalogue.js";
import { button, element, get, input } from "../dom.js";
import { problemText } from "./problems.js";

/** The choice that is not a person of the desk. */
const BY_LINK = "";
/** Before the title of whoever is invited that comes first: no account is named so. */
const TITLE = "title:";

/**
 * @typedef {{ name: string, full_name: string, roles: string[] }} Candidate
 * @typedef {{ candidates: () => Promise<Candidate[]>, invite: (whom: { person: string, title: string }, role: string, reason: string) => Promise<any>,
 *   inviteGuest: (name: string, minutes: number, reason: string) => Promise<{ link: string }> }} Desk
 */

export class InviteDialog {
  /** Whether somebody has begun to fill it in: from then on, nothing is chosen for them. */
  #isBegun = false;

  /** @param {Desk} desk @param {() => void} onClosed */
  constructor(desk, onClosed) {
    this.desk = desk;
    this.dialog = element("invite", HTMLDialogElement);
    this.person = element("invite-person", HTMLSelectElement);
    this.reason = element("invite-reason", HTMLTextAreaElement);
    this.person.onchange = () => this.#showChosen();
    const form = element("invite-form", HTMLFormElement);
    form.oninput = () => { this.#isBegun = true; };
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#invite();
    };
    button("invite-cancel").onclick = () => this.dialog.close();
    button("invite-close").onclick = () => this.dialog.close();
    button("invite-copy").onclick = () => {
      input("invite-link").select();
      void navigator.clipboard.writeText(input("invite-link").value).catch(() => undefined);
    };
    this.dialog.onclose = onClosed;
  }

  async open() {
    this.#isBegun = false;
    this.#say("");
    get("invite-form").hidden = false;
    get("invite-done").hidden = true;
    this.person.replaceChildren(new Option(_("Somebody from outside, by a link"), BY_LINK));
    this.#showChosen();
    this.dialog.showModal();
    try {
      const candidates = await this.desk.candidates();
      const titles = { technician: _("A technician, whoever is free"), expert: _("An expert, whoever is free"), supervisor: _("A supervisor, whoever is free") };
      const held = Object.entries(titles).filter(([title]) => candidates.some(({ roles }) => roles.includes(title)));
      this.person.prepend(
        ...candidates.map(({ name, full_name: fullName }) => new Option(fullName, name)),
        ...held.map(([title, label]) => new Option(label, TITLE + title)),
      );
      if (!this.#isBegun) this.person.selectedIndex = 0;
      this.#showChosen();
    } catch (error) {
      this.#say(problemText(error));
    }
  }

  #showChosen() {
    const isGuest = this.person.value === BY_LINK;
    get("invite-guest").hidden = !isGuest;
    get("invite-role").hidden = isGuest;
    input("invite-name").required = isGuest;
  }

  async #invite() {
    const { value: person, selectedOptions } = this.person, reason = this.reason.value.trim();
    button("invite-now").disabled = true;
    this.#say("");
    try {
      let told;
      if (person === BY_LINK) {
        const { link } = await this.desk.inviteGuest(input("invite-name").value.trim(), Number(element("invite-minutes", HTMLSelectElement).value), reason);
        input("invite-link").value = link;
        told = _("Give this link to {name}, and to nobody else: it opens the session once, to look on. The customer is asked first.", { name: input("invite-name").value.trim() });
      } else {
        const isTitle = person.startsWith(TITLE), whom = isTitle ? { person: "", title: person.slice(TITLE.length) } : { person, title: "" };
        await this.desk.invite(whom, input("invite-control").checked ? "technician" : "observer", reason);
        told = isTitle
          ? _("Whoever comes first finds the invitation on the list of tickets. The customer is asked when they come.")
          : _("{name} finds the invitation on the list of tickets. The customer is asked when they come.", { name: selectedOptions[0]?.text ?? "" });
      }
      get("invite-told").textContent = told;
      get("invite-by-link").hidden = person !== BY_LINK;
      get("invite-form").hidden = true;
      get("invite-done").hidden = false;
      button("invite-close").focus();
    } catch (error) {
      this.#say(problemText(error));
    } finally {
      button("invite-now").disabled = false;
    }
  }

  /** @param {string} text */
  #say(text) {
    get("invite-problem").textContent = text;
    get("invite-problem").hidden = !text;
  }
}
