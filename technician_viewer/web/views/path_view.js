/** The way between the customer's screen and ours: what the technician prefers on it, and what holds it up. */
import { _ } from "../catalogue.js";
import { get } from "../dom.js";
import { MEASURED_MS_MAX } from "../core/limits.js";
import { preferences, slowedBy } from "./path_words.js";

/** How far the time that drawing takes has to be another one to be told again. */
const TELL_MS = 2;
const TELL_SHARE = 0.25;
const TELL_EVERY_MS = 1000;
/** By then the agent has heard what we prefer, and said so. */
const HEARD_MS = 3000;

export class PathView {
  #preference = "automatic";
  #chosenAtMs = -Infinity;
  #toldMs = NaN;
  #toldAtMs = -Infinity;

  /** @param {{ send: (message: any) => void, isOurs: () => boolean }} listener `isOurs`: what we prefer counts, for we set the pace */
  constructor(listener) {
    this.listener = listener;
  }

  /** Once the language is known. */
  begin() {
    get("quality-choices").replaceChildren(...preferences().map((preference) => this.#choice(preference)));
    this.show();
  }

  /** @param {any} measured the agent's `path_measured` */
  take({ preference, bottleneck, round_trip_ms: roundTripMs, rate_kbit: rateKbit }) {
    // What was measured before the agent heard of our choice says nothing about it.
    if (performance.now() - this.#chosenAtMs > HEARD_MS) this.#preference = preference;
    this.show();
    const slowed = slowedBy(bottleneck), number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 2 });
    get("slowed").textContent = get("slowed").title = slowed;
    get("slowed").hidden = !slowed;
    get("path-state").textContent = slowed || _("Nothing slows the picture down.");
    get("path-figures").textContent = rateKbit
      ? _("There and back: {ms} ms. Arriving: {rate} Mbit/s.", { ms: number.format(roundTripMs), rate: number.format(rateKbit / 1000) })
      : _("There and back: {ms} ms.", { ms: number.format(roundTripMs) });
  }

  /** Tell the agent how long drawing takes, where that has changed. @param {number} medianMs @param {number} nowMs */
  drawn(medianMs, nowMs) {
    if (Number.isNaN(medianMs) || nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    if (Math.abs(medianMs - this.#toldMs) < Math.max(TELL_MS, TELL_SHARE * this.#toldMs)) return;
    this.#toldMs = medianMs;
    this.#toldAtMs = nowMs;
    this.listener.send({ type: "drawing_timed", took_ms: Math.min(MEASURED_MS_MAX, Math.round(medianMs)) });
  }

  /** There is no way for the moment: what was measured of it is over, and after the cut the agent hears of ours again. */
  away() {
    this.#toldMs = NaN;
    get("slowed").hidden = true;
  }

  /** Which one counts now, and whose it is. */
  show() {
    for (const choice of get("quality-choices").querySelectorAll("input")) choice.checked = choice.value === this.#preference;
    const chosen = preferences().find(([value]) => value === this.#preference);
    get("quality-now").textContent = chosen?.[1] ?? "";
    get("quality-others").hidden = this.listener.isOurs();
    for (const choice of get("quality-choices").querySelectorAll("input")) choice.disabled = !this.listener.isOurs();
  }

  /** @param {[value: string, label: string, explanation: string]} preference */
  #choice([value, label, explanation]) {
    const line = document.createElement("label"), input = document.createElement("input"), name = document.createElement("span");
    const what = document.createElement("span");
    line.className = "choice";
    input.type = "radio";
    input.name = "quality";
    input.value = value;
    name.textContent = label;
    what.className = "quiet";
    what.textContent = explanation;
    input.onchange = () => {
      this.#preference = value;
      this.#chosenAtMs = performance.now();
      this.show();
      this.listener.send({ type: "preference_chosen", preference: value });
    };
    line.append(input, name, what);
    return line;
  }
}
