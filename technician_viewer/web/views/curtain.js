/** What lies over the picture while it is not live: why, since when, and how long we still wait. */
import { _ } from "../catalogue.js";
import { clock, get } from "../dom.js";

export class Curtain {
  /** @type {number | undefined} */
  #ticking;

  /**
   * @param {string} title @param {string} text
   * @param {number} [untilMs] by performance.now(): until then it may go on by itself, and the time left is shown
   */
  show(title, text, untilMs) {
    clearInterval(this.#ticking);
    get("curtain-title").textContent = title;
    get("curtain-text").textContent = text;
    get("curtain-time").hidden = untilMs === undefined;
    if (untilMs !== undefined) {
      const tick = () => { get("curtain-time").textContent = _("{time} left", { time: clock(Math.max(0, (untilMs - performance.now()) / 1000)) }); };
      tick();
      this.#ticking = setInterval(tick, 1000);
    }
    get("curtain").hidden = false;
  }

  hide() {
    clearInterval(this.#ticking);
    get("curtain").hidden = true;
  }
}
