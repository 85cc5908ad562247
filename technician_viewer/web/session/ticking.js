/**
 * Does something again and again, also in a tab that nobody looks at.
 *
 * There a browser lets timers that were set by timers wait for a minute (https://developer.chrome.com/blog/timer-throttling-in-chrome-88),
 * and those that were set by something that arrived for no more than a second. So each is set by a message that we send ourselves.
 */
export class Ticking {
  #channel = new MessageChannel();
  /** @type {number | undefined} */
  #timer;

  /** @param {() => void} work @param {number} everyMs */
  constructor(work, everyMs) {
    this.#channel.port1.onmessage = () => {
      this.#timer = setTimeout(() => {
        this.#again();
        work();
      }, everyMs);
    };
    this.#again();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#channel.port1.close();
  }

  #again() { this.#channel.port2.postMessage(undefined); }
}
