/** A few boxes that together hold all that was added, and as little else as can be. */
import { meet } from "./frame_buffer.js";

/** @typedef {import("./frame_buffer.js").Box} Box */

/** Many small boxes cost more to bring to the canvas than one that holds them all. */
const BOXES_MAX = 32;

/** @param {Box} a @param {Box} b @returns {Box} the smallest that holds both */
function around(a, b) {
  const x = Math.min(a.x, b.x), y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** @param {Box} box */
const area = ({ width, height }) => width * height;

export class Boxes {
  /** @type {Box[]} */
  #all = [];

  /** @param {Box} added */
  add(added) {
    let box = { x: added.x, y: added.y, width: added.width, height: added.height };
    // One that fits without waste takes the place of both, and may then fit the next one.
    for (let at = 0; at < this.#all.length; at += 1) {
      const other = /** @type {Box} */ (this.#all[at]), both = around(box, other);
      if (area(both) > area(box) + area(other)) continue;
      box = both;
      this.#all.splice(at, 1);
      at = -1;
    }
    this.#all.push(box);
    if (this.#all.length > BOXES_MAX) this.#all = [this.#all.reduce(around)];
  }

  get isEmpty() { return this.#all.length === 0; }

  /** One more may be put together with others, and what lies between them. */
  get isFull() { return this.#all.length >= BOXES_MAX; }

  /** @param {Box} box */
  meets(box) { return this.#all.some((each) => meet(each, box)); }

  /** Hand over all, or those that meet a box, and forget them. @param {Box} [box] @returns {Box[]} */
  take(box) {
    const taken = box ? this.#all.filter((each) => meet(each, box)) : this.#all;
    this.#all = box ? this.#all.filter((each) => !meet(each, box)) : [];
    return taken;
  }
}
