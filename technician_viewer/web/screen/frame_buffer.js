/** One RGBA picture in memory: whatever changes is written there first. */
import { RemoteProtocolError } from "../core/errors.js";

/** What no screen has, and no browser shows: 8K is half of it. */
const PIXELS_MAX = 2 ** 26;

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/** @param {Box} a @param {Box} b whether they have a pixel in common */
export const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export class FrameBuffer {
  width = 0;
  height = 0;
  #at = 0;
  /** @type {ImageData | undefined} */
  #image;

  /** @param {import("./wasm.js").Wasm} wasm */
  constructor(wasm) { this.wasm = wasm; }

  /** Start anew with a black picture. @param {number} width @param {number} height @throws {RemoteProtocolError} too large */
  resize(width, height) {
    if (width * height > PIXELS_MAX) throw new RemoteProtocolError(`a screen of ${width} x ${height} pixels`);
    if (this.#at && width * height !== this.width * this.height) {
      this.wasm.zstd.free(this.#at);
      this.#at = this.width = this.height = 0;
    }
    this.#at ||= this.wasm.allocate(width * height * 4);
    this.width = width;
    this.height = height;
    this.#image = undefined;
    new Uint32Array(this.wasm.heap.buffer, this.#at, width * height).fill(0xff000000);
  }

  /** The pixels as a canvas takes them. @returns {ImageData} */
  get image() {
    // When the memory grows, what pointed into it is empty.
    if (!this.#image?.data.length) {
      const pixels = new Uint8ClampedArray(this.wasm.heap.buffer, this.#at, this.width * this.height * 4);
      this.#image = new ImageData(pixels, this.width, this.height);
    }
    return this.#image;
  }

  /** @param {Box} box @returns {Box} it @throws {RemoteProtocolError} it is not inside the picture */
  inside(box) {
    if (box.x + box.width > this.width || box.y + box.height > this.height) throw new RemoteProtocolError("a box outside the screen");
    return box;
  }

  /** Where a box begins, in `wasm.heap`. @param {number} x @param {number} y */
  place(x, y) { return this.#at + (y * this.width + x) * 4; }

  get stride() { return this.width * 4; }

  /** @param {Box} box inside @param {number} from where its pixels are in `wasm.heap`: blue, green, red, unused */
  put({ x, y, width, height }, from) { this.wasm.pixels.put(this.place(x, y), this.stride, from, width, height); }

  /** @param {Box} box inside @param {number} from where its planes are in `wasm.heap` (PROTOCOL.md, section 7.2) */
  putPlanes({ x, y, width, height }, from) { this.wasm.pixels.put_planes(this.place(x, y), this.stride, from, width, height); }

  /** Copy what is at one place to another, row by row; the two may overlap. @param {Box} box inside @param {number} fromX @param {number} fromY */
  copy({ x, y, width, height }, fromX, fromY) {
    const { heap } = this.wasm, { stride } = this, bytes = width * 4;
    const isDown = y > fromY;
    let to = this.place(x, isDown ? y + height - 1 : y), from = this.place(fromX, isDown ? fromY + height - 1 : fromY);
    const step = isDown ? -stride : stride;
    for (let row = 0; row < height; row += 1, to += step, from += step) heap.copyWithin(to, from, from + bytes);
  }
}
