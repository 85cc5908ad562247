/** Signs of life: a viewer that says nothing else says that much (PROTOCOL.md, section 8); protocol/signs_of_life.py. */
import { AT_REST_AFTER_S, PROOF_OF_LIFE_S, VIEWER_AT_REST_S } from "./limits.js";

/** `said` hears every message that is sent, `isDue` is asked every PROOF_OF_LIFE_S, or more seldom where the browser lets nobody ask so often. */
export class SignsOfLife {
  #hasSpoken = true;
  #quiet = 0;
  /** Keys and buttons that are down: while there are any, the agent must not miss us. */
  #held = new Set();

  /** @param {{ type: string, [field: string]: unknown }} message */
  said(message) {
    if (message.type === "pinged" || message.type === "drawing_timed") return;
    if (message.type === "input_released") this.#held.clear();
    const what = message.type === "key_changed" ? message.code : message.type === "pointer_button" ? message.button : undefined;
    if (what !== undefined && message.is_down) this.#held.add(what);
    else this.#held.delete(what);
    this.#hasSpoken = true;
  }

  /** Whether to ping now, so many times PROOF_OF_LIFE_S after the last question. @param {number} ticks */
  isDue(ticks = 1) {
    if (this.#hasSpoken) {
      this.#quiet = 0;
      return (this.#hasSpoken = false);
    }
    const wasAtRest = this.#quiet >= AT_REST_AFTER_S / PROOF_OF_LIFE_S && !this.#held.size;
    this.#quiet += ticks;
    return !wasAtRest || this.#quiet % Math.round(VIEWER_AT_REST_S / PROOF_OF_LIFE_S) < ticks;
  }
}
