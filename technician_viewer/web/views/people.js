/** Who takes part: who is seen, who watches, who controls, who leads, who is away. */
import { _ } from "../catalogue.js";
import { get, icon } from "../dom.js";

/**
 * @typedef {{ participant: string, name: string, role: string, capabilities: string[], leads: boolean, is_present: boolean }} Participant
 *   as protocol/messages.py, ParticipantShown
 */

/** Who may control, and so lead a session: client_agent/session/viewers.py. */
const MAY_CONTROL = ["technician", "supervisor"];

/** @param {Participant | undefined} who */
export const mayControl = (who) => who === undefined || MAY_CONTROL.includes(who.role);

export class People {
  /** @type {Participant[]} in the order in which they came */
  all = [];
  /** The serial number of our own certificate. */
  me = "";

  get mine() { return this.all.find((each) => each.participant === this.me); }

  get controller() { return this.all.find((each) => each.capabilities.includes("control")); }

  get leader() { return this.all.find((each) => each.leads); }

  /** Whether the pictures come at our pace: client_agent/session/attendance.py. */
  get setsPace() { return (this.controller ?? this.leader ?? this.mine) === this.mine; }

  get others() { return this.all.filter((each) => each.participant !== this.me); }

  /** Those who could lead instead of us. */
  get heirs() { return this.others.filter((each) => mayControl(each) && each.is_present && each.capabilities.includes("view")); }

  /** Take who is there now; gives what a person wants to be told of it. @param {Participant[]} participants @returns {string[]} */
  change(participants) {
    const before = this.all, led = this.leader?.participant;
    this.all = participants;
    if (!before.length) return [];
    const told = [];
    for (const each of this.others) {
      const was = before.find((one) => one.participant === each.participant);
      if (each.capabilities.length && !was?.capabilities.length) told.push(_("{name} sees the screen now.", { name: each.name }));
      else if (!was) told.push(_("{name} asks the customer to watch.", { name: each.name }));
    }
    for (const each of before) {
      if (each.participant !== this.me && !participants.some((one) => one.participant === each.participant)) {
        told.push(_("{name} has left.", { name: each.name }));
      }
    }
    if (this.leader && this.leader.participant !== led) {
      told.push(this.leader.participant === this.me ? _("You lead this session now.") : _("{name} leads this session now.", { name: this.leader.name }));
    }
    return told;
  }

  /** @param {string} customer */
  show(customer) {
    const lines = [this.#line("person", customer || _("The customer"), [_("shows the screen")])];
    for (const each of this.all) {
      const name = each.participant === this.me ? _("{name} (you)", { name: each.name }) : each.name;
      const [picture, does] = this.#does(each);
      lines.push(this.#line(picture, name, [does, ...(each.leads && this.all.length > 1 ? [_("leads")] : [])]));
    }
    get("people-list").replaceChildren(...lines);
    get("people-count").textContent = String(lines.length);
  }

  /** @param {Participant} who @returns {[string, string]} an icon, and what they do */
  #does({ capabilities, is_present: isPresent }) {
    if (!isPresent) return ["held", _("interrupted, may come back")];
    if (capabilities.includes("control")) return ["hand", _("controls")];
    if (capabilities.includes("view")) return ["eye", _("sees")];
    return ["stopped", _("sees nothing now")];
  }

  /** @param {string} picture @param {string} name @param {string[]} does */
  #line(picture, name, does) {
    const item = document.createElement("li");
    const who = document.createElement("strong");
    who.textContent = name;
    const what = document.createElement("span");
    what.className = "quiet";
    what.textContent = does.join(", ");
    item.append(icon(picture), who, what);
    return item;
  }
}
