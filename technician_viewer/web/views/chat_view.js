/** What is said in the session, beside the picture: everybody who takes part reads the same. */
import { _ } from "../catalogue.js";
import { CHAT_CHARACTERS_MAX } from "../core/limits.js";
import { tidyText } from "../core/messages.js";
import { button, element, get, icon } from "../dom.js";

/** @typedef {{ entry: number, participant: string, name: string, at_ms: number, text: string }} Line as protocol/messages.py, ChatSaid */

export class ChatView {
  /** @type {Map<number, Line>} by the entry of the log about each */
  #lines = new Map();
  /** What we wrote that nobody has answered yet. @type {string[]} */
  #waiting = [];
  /** Our serial number. */
  me = "";
  customer = "";

  /**
   * @param {{ send: (message: any) => void, onClosed: () => void, note: (text: string) => void,
   *   read: () => number, remember: (entry: number) => void }} session `read`: up to which entry the page has shown the conversation,
   *   also before it was loaded again
   */
  constructor(session) {
    this.session = session;
    const field = this.field = element("chat-text", HTMLTextAreaElement);
    button("chat-toggle").onclick = () => this.#open(get("chat").hidden === true);
    button("chat-close").onclick = () => this.#open(false);
    get("chat").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      this.#open(false);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#write();
    });
    field.addEventListener("input", () => this.#check());
    element("chat-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#write();
      field.focus();
    };
  }

  /** @param {any} message what the agent said */
  take(message) {
    if (message.type === "chat_refused") this.#refused(message.why);
    if (message.type !== "chat_said" || this.#lines.has(message.entry)) return;
    const isOurs = message.participant === this.me;
    if (isOurs) this.#waiting.shift();
    this.#lines.set(message.entry, message);
    this.#show();
    if (isOurs || message.entry <= this.session.read()) return this.#countUnread();
    if (get("chat").hidden) this.session.note(_("{name} writes: {text}", { name: this.#nameOf(message), text: message.text }));
    this.#countUnread();
  }

  /** @param {"unavailable" | "off" | "on" | "paused"} state of the recording */
  change(state) {
    const isKept = state === "on";
    get("chat-kept").replaceChildren(icon(isKept ? "record" : "no-record"), isKept
      ? _("What is written here is recorded, like the screen, for the organisation’s auditors.")
      : _("What is written here is not recorded."));
  }

  /** Nothing more can be said. */
  over() { get("chat").hidden = true; }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    get("chat").hidden = !isOpen;
    button("chat-toggle").setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return this.session.onClosed();
    this.#countUnread();
    this.#toTheEnd();
    this.field.focus({ preventScroll: true });
  }

  /** What is in sight is read. */
  #countUnread() {
    const others = [...this.#lines.values()].filter(({ participant }) => participant !== this.me);
    const last = others.at(-1)?.entry ?? -1;
    if (!get("chat").hidden && last > this.session.read()) this.session.remember(last);
    const count = others.filter(({ entry }) => entry > this.session.read()).length;
    get("chat-unread").textContent = count ? String(count) : "";
    button("chat-toggle").title = count ? _("Unread: {count}", { count }) : "";
    button("chat-toggle").classList.toggle("has-unread", count > 0);
  }

  #write() {
    const text = tidyText(this.field.value);
    if (!text || !this.#check()) return;
    this.#waiting.push(text);
    this.field.value = "";
    this.#show();
    this.session.send({ type: "chat_written", text });
  }

  /** @returns {boolean} whether what was typed is short enough; else it is said why it is not */
  #check() {
    const tooMany = [...tidyText(this.field.value)].length - CHAT_CHARACTERS_MAX;
    this.#tell(tooMany > 0 ? _("Characters too many: {count}. Shorten it, or send it in two messages.", { count: tooMany }) : "");
    return tooMany <= 0;
  }

  /** It was not said: back into the field with it, behind what is there. @param {string} why */
  #refused(why) {
    this.field.value = [this.field.value, this.#waiting.shift()].filter(Boolean).join("\n");
    this.#show();
    this.#tell(why === "full" ? _("This conversation is full, and nothing more can be sent. Please speak on the phone.") : _("That was too fast for anybody to read. Wait a moment, then send it again."));
  }

  /** @param {string} problem */
  #tell(problem) {
    get("chat-problem").textContent = problem;
    get("chat-problem").hidden = !problem;
  }

  #show() {
    const said = [...this.#lines.values()].map((line) => {
      const at = new Date(line.at_ms), time = document.createElement("time");
      time.dateTime = at.toISOString();
      time.textContent = at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      return this.#item(this.#nameOf(line), time, line.text, line.participant === this.me ? "own" : line.participant ? "" : "customer");
    });
    const you = _("You"), isBeingSent = _("is being sent…");
    const waiting = this.#waiting.map((text) => this.#item(you, isBeingSent, text, "own waiting"));
    const log = get("chat-log"), list = get("chat-lines"), isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    // What stands there stays, so that only what is new is read aloud.
    const kept = [...list.children].filter((each) => !each.classList.contains("waiting"));
    for (const item of list.querySelectorAll(".waiting")) item.remove();
    list.append(...said.slice(kept.length), ...waiting);
    get("chat-none").hidden = list.children.length > 0;
    if (isAtEnd) this.#toTheEnd();
  }

  #toTheEnd() { get("chat-log").scrollTop = get("chat-log").scrollHeight; }

  /** @param {string} name @param {HTMLElement | string} time @param {string} text @param {string} kind */
  #item(name, time, text, kind) {
    const item = document.createElement("li"), who = document.createElement("strong"), when = document.createElement("span"), said = document.createElement("p");
    who.textContent = name;
    when.className = "quiet";
    when.append(time);
    said.textContent = text;
    // Words written from right to left move nothing but themselves.
    for (const each of [who, said]) each.dir = "auto";
    item.className = kind;
    item.append(who, when, said);
    return item;
  }

  /** @param {Line} line */
  #nameOf({ participant, name }) {
    if (participant === this.me) return _("You");
    return participant ? name : this.customer || _("The customer");
  }
}
