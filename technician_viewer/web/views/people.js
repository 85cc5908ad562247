/** Who takes part: who is seen, who watches, who controls. What one may do about it goes into `#people-actions`. */
import { _ } from "../catalogue.js";
import { get, icon } from "../dom.js";

/** @typedef {{ name: string, part: "customer" | "controls" | "sees" | "nothing", isMe?: boolean }} Person */

/** @param {Person[]} people */
export function listPeople(people) {
  const parts = { customer: _("shows the screen"), controls: _("controls"), sees: _("sees"), nothing: _("sees nothing now") };
  const icons = { customer: "person", controls: "hand", sees: "eye", nothing: "stopped" };
  get("people-list").replaceChildren(...people.map(({ name, part, isMe }) => {
    const item = document.createElement("li");
    const who = document.createElement("strong");
    who.textContent = isMe ? _("{name} (you)", { name }) : name;
    const does = document.createElement("span");
    does.className = "quiet";
    does.textContent = parts[part];
    item.append(icon(icons[part]), who, does);
    return item;
  }));
  get("people-count").textContent = String(people.length);
}
