/** How the two ends of a session find each other again at one of the relay's nodes (PROTOCOL.md, section 2.5); protocol/nodes.py. */
import { NODE_STAY_S } from "./limits.js";

/** Where a viewer looks for the agent. Times are milliseconds of a clock that never goes back. */
export class Nodes {
  #places;
  #order;
  #at = 0;
  /** @type {number | undefined} */
  #aloneSinceMs;

  /** @param {string} first where it was first @param {string[]} places all there are, in order; where the first is not among them, it is the only one */
  constructor(first, places) {
    this.#places = places.includes(first) ? [...new Set(places)] : [first];
    this.#order = this.#from(first);
  }

  /** The place to be at. */
  get here() { return /** @type {string} */ (this.#order[this.#at]); }

  /** Nobody is here: the next. */
  goOn() {
    this.#at = (this.#at + 1) % this.#order.length;
    this.#aloneSinceMs = undefined;
  }

  /** Both are here: after the next cut, here is where to begin. */
  met() {
    if (this.#at) {
      this.#order = this.#from(this.here);
      this.#at = 0;
    }
    this.#aloneSinceMs = undefined;
  }

  /** The connection is gone: whoever comes back has not been alone yet. */
  cut() { this.#aloneSinceMs = undefined; }

  /** Whether a viewer that is connected, and still alone, should look elsewhere; to be asked for as long as it is. @param {number} nowMs */
  isTimeToGoOn(nowMs) {
    this.#aloneSinceMs ??= nowMs;
    return this.#order.length > 1 && nowMs - this.#aloneSinceMs >= NODE_STAY_S * 1000;
  }

  /** @param {string} first */
  #from(first) { return [first, ...this.#places.filter((place) => place !== first)]; }
}
