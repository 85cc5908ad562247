/** Brings the picture in memory to the canvas: only what changed, by whichever way this browser is quicker at (abilities.js). */
import { Boxes } from "./boxes.js";

/** @typedef {import("./frame_buffer.js").Box} Box */

export class Canvas {
  /** What the canvas lacks of the memory. */
  #changed = new Boxes();
  /** What the memory lacks of the canvas: pictures that were drawn there. It has no pixel in common with what changed. */
  #drawn = new Boxes();
  /** Pictures were drawn there since it began anew: what the memory has of them may have been read from a canvas that was gone. */
  #wasDrawn = false;
  /** When it was lost, by performance.now(). */
  #lostMs = Infinity;

  /**
   * @param {HTMLCanvasElement | OffscreenCanvas} canvas @param {import("./frame_buffer.js").FrameBuffer} frame
   * @param {(isWhole: boolean) => void} onBack it was lost and is there again, with what the memory has; not whole: pictures that were drawn are missing
   */
  constructor(canvas, frame, onBack) {
    this.canvas = canvas;
    this.frame = frame;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    canvas.addEventListener("contextlost", () => { this.#lostMs = performance.now(); });
    canvas.addEventListener("contextrestored", () => {
      this.#lostMs = Infinity;
      this.#drawn.take();
      this.#changed.take();
      this.changed({ x: 0, y: 0, width: frame.width, height: frame.height });
      this.show();
      onBack(!this.#wasDrawn);
    });
  }

  /** The browser has no device to draw with, as after a fault of the graphics card: nothing is seen until it has one again. */
  get isLost() { return this.context.isContextLost?.() ?? false; }

  /** Since when that is so, by performance.now(); Infinity while the picture is seen. */
  get lostMs() { return this.isLost ? this.#lostMs : Infinity; }

  /** The picture begins anew. */
  resize() {
    // Setting a size clears the canvas, also where it is the same.
    this.canvas.width = this.frame.width;
    this.canvas.height = this.frame.height;
    this.#drawn.take();
    this.#changed.take();
    this.#wasDrawn = false;
  }

  /** These pixels of the memory are new. @param {Box} box */
  changed(box) { this.#changed.add(box); }

  /** Bring what changed to the canvas, all of it or what meets a box. @param {Box} [where] */
  show(where) {
    if (this.#changed.isEmpty || !this.frame.width) return;
    const { image } = this.frame;
    for (const box of this.#changed.take(where)) {
      this.settle(box);
      this.context.putImageData(image, 0, 0, box.x, box.y, box.width, box.height);
    }
  }

  /** Draw a decoded picture into a box, without the memory. @param {VideoFrame} picture @param {Box} box */
  draw(picture, box) {
    this.show(box);
    if (this.#drawn.isFull) this.settle({ x: 0, y: 0, width: this.frame.width, height: this.frame.height });
    this.context.drawImage(picture, box.x, box.y, box.width, box.height);
    this.#drawn.add(box);
    this.#wasDrawn = true;
  }

  /** Have in the memory what was drawn there: before these pixels are read, and before they are written. @param {Box} box */
  settle(box) {
    if (!this.#drawn.meets(box)) return;
    for (const { x, y, width, height } of this.#drawn.take(box)) {
      const { data } = this.context.getImageData(x, y, width, height), { heap } = this.frame.wasm;
      for (let row = 0; row < height; row += 1) heap.set(data.subarray(row * width * 4, (row + 1) * width * 4), this.frame.place(x, y + row));
    }
  }
}
