/** Tells whether the picture is live: the agent proves to be there, and what it announced is on the canvas (PROTOCOL.md, section 8). */
import { PICTURE_LIVE_S } from "../core/limits.js";

/** Something has to be wrong for this long before we say so, which takes a moment: we do so within PICTURE_LIVE_S. */
const SILENT_MS = (PICTURE_LIVE_S - 0.05) * 1000;

export class Liveness {
  /** @type {Map<number, number>} pictures that were announced and are not shown, and since when */
  #announced = new Map();

  /** @param {number} picture @param {number} nowMs */
  announce(picture, nowMs) {
    if (!this.#announced.has(picture)) this.#announced.set(picture, nowMs);
  }

  /**
   * Until when the picture is live, should nothing come any more.
   *
   * @param {number} shown the newest picture on the canvas, 0 before the first @param {number} heardMs when the agent was last heard
   * @param {number} lostMs since when the canvas is lost; Infinity while it is there
   */
  untilMs(shown, heardMs, lostMs) {
    for (const number of this.#announced.keys()) if (number <= shown) this.#announced.delete(number);
    return shown === 0 ? -Infinity : Math.min(heardMs, lostMs, ...this.#announced.values()) + SILENT_MS;
  }
}
