/** The technician's mouse on the picture, in device pixels of the remote screen. Moves are coalesced, clicks never. */

export class Mouse {
  /** @type {{ x: number, y: number } | undefined} */
  #move;
  #wheel = { right: 0, down: 0 };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{ send: (message: any) => void, isActive: () => boolean, where: () => { screen: number, picture: number }, onPress: (event: MouseEvent) => void }} listener
   */
  constructor(canvas, listener) {
    this.canvas = canvas;
    this.listener = listener;
    canvas.addEventListener("pointermove", (event) => this.#onMove(event));
    canvas.addEventListener("pointerdown", (event) => this.#onButton(event, true));
    canvas.addEventListener("pointerup", (event) => this.#onButton(event, false));
    canvas.addEventListener("pointercancel", () => listener.send({ type: "input_released" }));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
  }

  /** @param {MouseEvent} event */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const clamp = (/** @type {number} */ value, /** @type {number} */ size) => Math.max(0, Math.min(size - 1, Math.floor(value)));
    return {
      x: clamp(((event.clientX - box.left) * this.canvas.width) / box.width, this.canvas.width),
      y: clamp(((event.clientY - box.top) * this.canvas.height) / box.height, this.canvas.height),
    };
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    if (!this.listener.isActive()) return;
    if (!this.#move) requestAnimationFrame(() => this.#flush());
    this.#move = this.#place(event);
  }

  #flush() {
    if (this.#move) this.listener.send({ type: "pointer_moved", ...this.#move, ...this.listener.where() });
    this.#move = undefined;
  }

  /** @param {PointerEvent} event @param {boolean} isDown */
  #onButton(event, isDown) {
    if (event.button < 0 || event.button > 4) return;
    event.preventDefault();
    this.listener.onPress(event);
    if (!this.listener.isActive()) return;
    this.#flush();
    if (isDown) this.canvas.setPointerCapture(event.pointerId);
    const where = { ...this.#place(event), ...this.listener.where() };
    this.listener.send({ type: "pointer_button", button: event.button, is_down: isDown, ...where });
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (!this.listener.isActive()) return;
    event.preventDefault();
    // 120 is one notch; browsers report pixels (about 100 a notch), lines (3) or pages (1).
    const unit = [1.2, 40, 120][event.deltaMode] ?? 1.2;
    this.#wheel.right += event.deltaX * unit;
    this.#wheel.down += event.deltaY * unit;
    const bounded = (/** @type {number} */ value) => Math.max(-12000, Math.min(12000, Math.trunc(value)));
    const [right, down] = [bounded(this.#wheel.right), bounded(this.#wheel.down)];
    if (right === 0 && down === 0) return;
    this.#wheel = { right: this.#wheel.right - right, down: this.#wheel.down - down };
    this.listener.send({ type: "wheel_turned", ...this.#place(event), ...this.listener.where(), right, down });
  }
}
