/** The median of the last few measurements. */
export class Times {
  #last = new Float64Array(31);
  #count = 0;

  /** @param {number} ms what is no number is not counted */
  add(ms) {
    if (Number.isNaN(ms)) return;
    this.#last[this.#count % this.#last.length] = ms;
    this.#count += 1;
  }

  /** NaN where nothing was measured. */
  get medianMs() {
    const sorted = this.#last.slice(0, Math.min(this.#count, this.#last.length)).sort();
    return sorted[sorted.length >> 1] ?? NaN;
  }
}
