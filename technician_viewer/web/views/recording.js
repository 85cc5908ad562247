/** That the session is recorded, and what the technician writes down for the auditors: notes, and moments that are marked. */
import { _ } from "../catalogue.js";
import { button, element, get, icon } from "../dom.js";

/** protocol/limits.py, TEXT_CHARACTERS_MAX. */
const NOTE_CHARACTERS_MAX = 2000;

/**
 * @typedef {{ number: number, atMs: number, text: string, versions: number }} Note
 *   `number` of the log's entry with its first version
 */

export class Recording {
  /** @type {"unavailable" | "off" | "on" | "paused"} */
  state = "unavailable";
  /** @type {Note[]} our own, in the order in which they were first written */
  #notes = [];
  /** What was sent and is not in the log yet. @type {{ revises: number, text: string }[]} */
  #sent = [];
  /** @type {Note | undefined} the one that is being changed */
  #changed;

  /**
   * @param {{ send: (message: any) => void, picture: () => number, onClosed: () => void,
   *   remember: (entry: number, text: string) => void, recalled: (entry: number) => string }} session what a note says is in the log only
   *   sealed: the page itself remembers it, for when it is loaded again
   */
  constructor(session) {
    this.session = session;
    const text = element("note-text", HTMLTextAreaElement);
    text.maxLength = NOTE_CHARACTERS_MAX;
    element("note-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      const written = text.value.replaceAll("\r", "").trim();
      if (written) this.#write(written, this.#changed?.number ?? 0);
      this.#change(undefined);
      text.focus();
    };
    button("mark-moment").onclick = () => this.#write("", 0);
    button("ask-recording").onclick = () => {
      session.send({ type: "access_asked", capability: "record", reason: "" });
      button("ask-recording").disabled = true;
    };
  }

  /** @param {"unavailable" | "off" | "on" | "paused"} state */
  change(state) {
    this.state = state;
    document.body.dataset.recording = state;
    const words = { unavailable: "", off: _("Not recorded"), on: _("Recorded"), paused: _("Recording paused") };
    const shown = get("recording");
    shown.hidden = get("notes").hidden = state === "unavailable";
    shown.className = `state ${state === "on" ? "recorded" : "quiet"}`;
    shown.replaceChildren(icon(state === "on" ? "record" : "no-record"), words[state]);
    button("ask-recording").hidden = state !== "off";
    button("ask-recording").disabled = false;
    if (state === "unavailable") element("notes", HTMLDetailsElement).open = false;
  }

  /** An entry of the log has come. @param {{ number: number, at_ms: number, event: any }} entry @param {string} me our serial number */
  take(entry, me) {
    const { event } = entry;
    if (event.type !== "noted" || event.participant !== me) return;
    const sent = this.#sent[0]?.revises === event.revises ? this.#sent.shift() : undefined;
    if (sent?.text) this.session.remember(entry.number, sent.text);
    const text = sent?.text ?? this.session.recalled(entry.number);
    const known = this.#notes.find((note) => note.number === event.revises);
    if (known) Object.assign(known, { text: text || known.text, versions: known.versions + 1 });
    else this.#notes.push({ number: entry.number, atMs: event.shown_ms, text, versions: 1 });
    this.#show();
  }

  /** @param {string} text @param {number} revises */
  #write(text, revises) {
    this.#sent.push({ revises, text });
    this.session.send({ type: "note_written", revises, text, picture: this.session.picture() });
  }

  /** @param {Note | undefined} note */
  #change(note) {
    this.#changed = note;
    const text = element("note-text", HTMLTextAreaElement);
    text.value = note?.text ?? "";
    button("note-keep").textContent = note ? _("Keep as a new version") : _("Write down");
    if (note) text.focus();
  }

  #show() {
    get("notes-count").textContent = this.#notes.length ? String(this.#notes.length) : "";
    get("notes-list").replaceChildren(...this.#notes.map((note) => {
      const item = document.createElement("li"), time = document.createElement("time"), change = document.createElement("button");
      time.dateTime = new Date(note.atMs).toISOString();
      time.textContent = new Date(note.atMs).toLocaleTimeString(document.documentElement.lang);
      const said = document.createElement("span");
      said.textContent = note.text || _("Marked");
      if (!note.text) said.className = "quiet";
      change.type = "button";
      change.className = "link";
      change.textContent = note.text ? _("Change") : _("Say what it is");
      change.onclick = () => this.#change(note);
      item.append(time, said, change);
      if (note.versions > 1) {
        const versions = document.createElement("span");
        versions.className = "quiet";
        versions.textContent = _("version {number}", { number: note.versions });
        item.insertBefore(versions, change);
      }
      return item;
    }));
  }
}
