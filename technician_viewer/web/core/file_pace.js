/** How much of a file may be on its way (PROTOCOL.md, section 16): protocol/file_pace.py. */
import { FILE_IN_FLIGHT_BYTES_MAX, FILE_PART_BYTES_MAX, FILE_PART_BYTES_MIN } from "./limits.js";

/** A person notices a key that shows later than this. */
const QUEUE_S_MAX = 0.03;
const BEGINS_WITH_BYTES = 4 * FILE_PART_BYTES_MIN;

/** One file that is being sent; times are seconds. */
export class FilePace {
  sent = 0;
  #received = 0;
  #window = BEGINS_WITH_BYTES;
  /** @type {number | undefined} */
  #quickestS;
  /** For each part its end and when it was sent. @type {{ end: number, atS: number }[]} */
  #onTheWay = [];

  /** How large the next part may be; 0 while acknowledgements have to be waited for. */
  get nextBytes() {
    const part = Math.max(FILE_PART_BYTES_MIN, Math.min(FILE_PART_BYTES_MAX, Math.floor(this.#window / 4)));
    return this.sent - this.#received + part <= this.#window ? part : 0;
  }

  /** A part of so many bytes is sent. @param {number} count @param {number} nowS */
  send(count, nowS) {
    this.sent += count;
    this.#onTheWay.push({ end: this.sent, atS: nowS });
  }

  /** So many bytes are received in all. @param {number} received @param {number} nowS @returns {boolean} whether that can be */
  acknowledge(received, nowS) {
    if (received <= this.#received || received > this.sent) return false;
    let sentS = nowS;
    while (this.#onTheWay[0] && this.#onTheWay[0].end <= received) sentS = this.#onTheWay.shift()?.atS ?? nowS;
    const tookS = nowS - sentS, more = received - this.#received;
    this.#quickestS = Math.min(tookS, this.#quickestS ?? tookS);
    if (tookS - this.#quickestS <= QUEUE_S_MAX) this.#window = Math.min(FILE_IN_FLIGHT_BYTES_MAX, this.#window + more);
    else this.#window = Math.max(BEGINS_WITH_BYTES / 2, this.#window - Math.floor(more / 2));
    this.#received = received;
    return true;
  }

  /** The path is another one after a cut. @param {number} nowS */
  beginAnew(nowS) {
    this.#window = BEGINS_WITH_BYTES;
    this.#quickestS = undefined;
    for (const part of this.#onTheWay) part.atS = nowS;
  }
}
