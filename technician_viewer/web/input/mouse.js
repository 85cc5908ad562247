/** The technician's mouse on the picture, in device pixels of the remote screen. Moves are coalesced, clicks never. */

/** More places a second than this nobody sees. */
const MOVE_EVERY_MS = 8;

/** Fewer pixels than this are a touchpad's, or a part of a notch. */
const NOTCH_PX_MIN = 40;

/**
 * How far the wheel was turned, in 120ths of a notch. Browsers tell pixels (a notch has from 48 to 120), lines (3) or pages (1), and most
 * still say, beside it, how many whole notches they were.
 * @param {number} delta @param {number} mode @param {number | undefined} notches 120 for each, the other way round
 */
function turned(delta, mode, notches) {
  if (notches && notches % 120 === 0 && (mode !== 0 || Math.abs(delta) >= NOTCH_PX_MIN)) return -notches;
  return delta * ([1.2, 40, 120][mode] ?? 1.2);
}

export class Mouse {
  /** Where the pointer went since the last message. @type {{ x: number, y: number } | undefined} */
  #move;
  #at = { x: -1, y: -1 };
  #movedMs = 0;
  /** @type {number | undefined} */
  #timer;
  #wheel = { right: 0, down: 0 };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{ send: (message: any) => void, isActive: () => boolean, where: () => { screen: number, picture: number }, onPress: (event: MouseEvent) => void,
   *   isBusy: () => boolean }} listener `isBusy`: what was sent still waits here
   */
  constructor(canvas, listener) {
    this.canvas = canvas;
    this.listener = listener;
    // The second is every move as it is made, not once for each picture that the browser draws; not every browser has it.
    for (const moved of ["pointermove", "pointerrawupdate"]) {
      canvas.addEventListener(moved, (event) => this.#onMove(/** @type {PointerEvent} */ (event)));
    }
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
    const place = this.#place(event);
    if (place.x === this.#at.x && place.y === this.#at.y) return;
    this.#move = this.#at = place;
    const waitMs = this.#movedMs + MOVE_EVERY_MS - performance.now();
    if (waitMs <= 0 && !this.listener.isBusy()) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flushLater(), Math.max(waitMs, 0));
  }

  #flushLater() {
    this.#timer = undefined;
    if (!this.listener.isBusy()) this.#flush();
    // Whatever waits goes first, so that a narrow path carries places, not a trail of them.
    else if (this.#move) this.#timer = setTimeout(() => this.#flushLater(), MOVE_EVERY_MS);
  }

  #flush() {
    if (!this.#move) return;
    this.#movedMs = performance.now();
    this.listener.send({ type: "pointer_moved", ...this.#move, ...this.listener.where() });
    this.#move = undefined;
  }

  /** @param {PointerEvent} event @param {boolean} isDown */
  #onButton(event, isDown) {
    if (event.button < 0 || event.button > 4) return;
    event.preventDefault();
    this.listener.onPress(event);
    if (!this.listener.isActive()) return;
    // The button says where it is.
    this.#move = undefined;
    if (isDown) this.canvas.setPointerCapture(event.pointerId);
    const where = { ...this.#place(event), ...this.listener.where() };
    this.listener.send({ type: "pointer_button", button: event.button, is_down: isDown, ...where });
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (!this.listener.isActive()) return;
    event.preventDefault();
    const { wheelDeltaX, wheelDeltaY } = /** @type {{ wheelDeltaX?: number, wheelDeltaY?: number }} */ (event);
    this.#wheel.right += turned(event.deltaX, event.deltaMode, wheelDeltaX);
    this.#wheel.down += turned(event.deltaY, event.deltaMode, wheelDeltaY);
    const bounded = (/** @type {number} */ value) => Math.max(-12000, Math.min(12000, Math.trunc(value)));
    const [right, down] = [bounded(this.#wheel.right), bounded(this.#wheel.down)];
    if (right === 0 && down === 0) return;
    this.#wheel = { right: this.#wheel.right - right, down: this.#wheel.down - down };
    this.listener.send({ type: "wheel_turned", ...this.#place(event), ...this.listener.where(), right, down });
  }
}
