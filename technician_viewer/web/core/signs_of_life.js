/** Signs of life: a viewer that says nothing else says that much (PROTOCOL.md, section 8); protocol/signs_of_life.py. */
import { AT_REST_AFTER_S, PROOF_OF_LIFE_S, VIEWER_AT_REST_S } from "./limits.js";

/** No reason to stay awake. */
const QUIET = new Set(["pinged", "drawing_timed", "head_signed"]);
/** Timers are late by that much and look again all the same: what is nearly due is due. */
const SLACK_MS = 50;
/** Who was woken says it early rather than wake once more. */
const WOKEN_SLACK_MS = (VIEWER_AT_REST_S * 1000) / 4;

/** `said` hears every message that is sent, `isDue` is asked every PROOF_OF_LIFE_S, or more seldom where the browser lets nobody ask so often. */
export class SignsOfLife {
  #hasSpoken = true;
  #saidMs = 0;
  #happenedMs = 0;
  /** Keys and buttons that are down: while there are any, the agent must not miss us. */
  #held = new Set();

  /** @param {{ type: string, [field: string]: unknown }} message */
  said(message) {
    if (QUIET.has(message.type)) return;
    if (message.type === "input_released") this.#held.clear();
    const what = message.type === "key_changed" ? message.code : message.type === "pointer_button" ? message.button : undefined;
    if (what !== undefined && message.is_down) this.#held.add(what);
    else this.#held.delete(what);
    this.#hasSpoken = true;
  }

  /** Whether to ping now; who asks and hears yes does so. @param {number} nowMs @param {boolean} isWoken by something that was heard */
  isDue(nowMs, isWoken = false) {
    if (this.#hasSpoken) {
      this.#saidMs = this.#happenedMs = nowMs;
      return (this.#hasSpoken = false);
    }
    const isAtRest = nowMs >= this.#happenedMs + AT_REST_AFTER_S * 1000 && !this.#held.size;
    const everyMs = (isAtRest || isWoken ? VIEWER_AT_REST_S : PROOF_OF_LIFE_S) * 1000;
    if (nowMs < this.#saidMs + everyMs - (isWoken ? WOKEN_SLACK_MS : SLACK_MS)) return false;
    this.#saidMs = nowMs;
    return true;
  }
}
