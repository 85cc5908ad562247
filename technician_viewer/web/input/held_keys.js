/** The keys the technician holds down, so that none stays stuck when the page loses focus. */
export class HeldKeys {
  /** @type {Set<string>} physical keys, as `KeyboardEvent.code` */
  #codes = new Set();

  /** @param {string} code @param {boolean} isDown */
  change(code, isDown) { if (isDown) this.#codes.add(code); else this.#codes.delete(code); }

  /** @param {string} code */
  holds(code) { return this.#codes.has(code); }

  /** @returns {string[]} the keys to release; none is held afterwards */
  releaseAll() { const codes = [...this.#codes]; this.#codes.clear(); return codes; }
}
