/** The timeline: a slider for the keyboard, and one lane for each kind of thing that happened; a press on either goes there. */
import { _ } from "../catalogue.js";
import { get, input } from "../dom.js";
import { laneText, pathGrade, pathText } from "./words.js";

const STEPS = 1000;
const SIGNS = /** @type {Record<string, string>} */ ({
  allowed: "✓", refused: "✕", timed_out: "–", note: "✎", mark: "◆", said: "»", input: "⌨", to_customer: "↓", from_customer: "↑", not_moved: "⊘", clipboard_put: "↓", clipboard_read: "↑", segment_lost: "!", recording_paused: "❚❚", recording_continued: "●", joined: "+", left: "−", handed_over: "⇄",
});

export class TimelineView {
  /** @type {{ fromMs: number, toMs: number }} */
  #range = { fromMs: 0, toMs: 1 };
  /** @type {HTMLElement[]} */
  #nows = [];
  /** What can be searched for, with what is found by it. @type {{ sign: HTMLElement, text: string }[]} */
  #signs = [];

  /** @param {(atMs: number) => void} onSeek */
  constructor(onSeek) {
    this.onSeek = onSeek;
    input("seek").onchange = () => onSeek(this.#timeAt(Number(input("seek").value) / STEPS));
  }

  /** @param {{ fromMs: number, toMs: number, lanes: import("./lanes.js").Lane[] }} timeline @param {(mark: import("./lanes.js").Mark) => string} textOf */
  show({ fromMs, toMs, lanes }, textOf) {
    this.#range = { fromMs, toMs };
    this.#nows = [];
    this.#signs = [];
    get("lanes").replaceChildren(...lanes.map((lane) => this.#lane(lane, textOf)));
    get("timeline").hidden = false;
  }

  /** Let what is looked for stand out. @param {((text: string) => boolean) | undefined} isWanted nothing where nobody looks for anything */
  find(isWanted) {
    for (const { sign, text } of this.#signs) {
      sign.classList.toggle("found", isWanted?.(text) ?? false);
      sign.classList.toggle("other", isWanted ? !isWanted(text) : false);
    }
  }

  /** @param {number} atMs @param {string} words the same in words, for who cannot see it */
  at(atMs, words) {
    const share = this.#share(atMs);
    if (document.activeElement !== input("seek") || !input("seek").matches(":active")) input("seek").value = String(Math.round(share * STEPS));
    input("seek").setAttribute("aria-valuetext", words);
    for (const now of this.#nows) now.style.left = `${share * 100}%`;
  }

  /** @param {import("./lanes.js").Lane} lane @param {(mark: import("./lanes.js").Mark) => string} textOf */
  #lane({ name, spans, marks }, textOf) {
    const row = document.createElement("div"), label = document.createElement("span"), track = document.createElement("div");
    row.className = "lane";
    row.dataset.lane = name;
    label.textContent = laneText(name);
    track.className = "track";
    track.onclick = (event) => {
      const box = track.getBoundingClientRect();
      this.onSeek(this.#timeAt((event.clientX - box.left) / box.width));
    };
    for (const span of spans) {
      const bar = document.createElement("div");
      bar.className = "span";
      bar.style.left = `${this.#share(span.fromMs) * 100}%`;
      bar.style.width = `${(this.#share(span.toMs) - this.#share(span.fromMs)) * 100}%`;
      if (span.path) {
        bar.textContent = bar.title = pathText(span.path, document.documentElement.lang);
        bar.dataset.grade = String(pathGrade(span.path));
      }
      if (span.text !== undefined) {
        bar.textContent = bar.title = span.text;
        this.#signs.push({ sign: bar, text: span.text });
      }
      if (span.share !== undefined) bar.style.height = `${Math.max(8, span.share * 100)}%`;
      track.append(bar);
    }
    for (const mark of marks) track.append(this.#mark(mark, textOf(mark)));
    const now = document.createElement("div");
    now.className = "now";
    this.#nows.push(now);
    track.append(now);
    row.append(label, track);
    return row;
  }

  /** @param {import("./lanes.js").Mark} mark @param {string} text */
  #mark(mark, text) {
    const sign = document.createElement("button");
    sign.type = "button";
    sign.className = "mark";
    sign.textContent = SIGNS[mark.what] ?? "·";
    sign.title = text;
    sign.setAttribute("aria-label", text || _("Something happened"));
    sign.style.left = `${this.#share(mark.atMs) * 100}%`;
    if (["note", "mark", "said", "to_customer", "from_customer", "not_moved", "clipboard_put", "clipboard_read"].includes(mark.what)) this.#signs.push({ sign, text: mark.text ?? "" });
    sign.onclick = (event) => {
      event.stopPropagation();
      this.onSeek(mark.atMs);
    };
    return sign;
  }

  /** @param {number} atMs */
  #share(atMs) { return Math.min(1, Math.max(0, (atMs - this.#range.fromMs) / (this.#range.toMs - this.#range.fromMs))); }

  /** @param {number} share */
  #timeAt(share) { return this.#range.fromMs + share * (this.#range.toMs - this.#range.fromMs); }
}
