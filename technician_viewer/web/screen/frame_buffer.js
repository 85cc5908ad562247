/** One RGBA picture in memory; what changes is written there, and only the changed box goes to the canvas. */
import { RemoteProtocolError } from "../core/errors.js";

export class FrameBuffer {
  #pixels = new Uint32Array(0);
  /** @type {ImageData | undefined} */
  #image;
  /** @type {[number, number, number, number] | undefined} left, top, right, bottom of what the canvas lacks */
  #dirty;

  /** @param {HTMLCanvasElement} canvas @param {{ decode(data: Uint8Array, bytes: number): Uint8Array }} zstd */
  constructor(canvas, zstd) {
    this.canvas = canvas;
    this.zstd = zstd;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  }

  /** Start anew with a black picture. @param {number} width @param {number} height */
  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.#image = new ImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer).fill(0xff000000);
    this.#dirty = undefined;
  }

  /** @param {{ x: number, y: number, width: number, height: number, data: Uint8Array }} rectangle @throws {RemoteProtocolError} */
  put({ x, y, width, height, data }) {
    const stride = this.canvas.width;
    if (!this.#image || x + width > stride || y + height > this.canvas.height) throw new RemoteProtocolError("a rectangle outside the screen");
    const bytes = decompress(this.zstd, data, width * height * 4);
    const source = new Uint32Array(bytes.buffer, bytes.byteOffset, width * height);
    for (let row = 0, from = 0; row < height; row += 1) {
      let to = (y + row) * stride + x;
      for (const end = from + width; from < end; from += 1, to += 1) {
        const bgrx = source[from] ?? 0;
        this.#pixels[to] = 0xff000000 | ((bgrx & 0xff) << 16) | (bgrx & 0xff00) | ((bgrx >>> 16) & 0xff);
      }
    }
    const [left, top, right, bottom] = this.#dirty ?? [x, y, x + width, y + height];
    this.#dirty = [Math.min(left, x), Math.min(top, y), Math.max(right, x + width), Math.max(bottom, y + height)];
  }

  /** Bring what changed to the canvas. */
  show() {
    if (!this.#dirty || !this.#image) return;
    const [left, top, right, bottom] = this.#dirty;
    this.context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
    this.#dirty = undefined;
  }
}

/**
 * Decompress one zstd frame that must hold exactly so many bytes; what the frame declares is compared before anything is allocated.
 * The result is good until the next one.
 *
 * @param {{ decode(data: Uint8Array, bytes: number): Uint8Array }} zstd @param {Uint8Array} data @param {number} bytes
 * @throws {RemoteProtocolError}
 */
export function decompress(zstd, data, bytes) {
  if (declaredBytes(data) !== bytes) throw new RemoteProtocolError("a rectangle that declares another size than its box");
  const plain = zstd.decode(data, bytes);
  if (plain.length !== bytes) throw new RemoteProtocolError("a rectangle that holds another size than its box");
  return plain;
}

/** The content size in the frame's header (RFC 8878, section 3.1.1.1), -1 where there is none. @param {Uint8Array} data */
function declaredBytes(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (data.length < 6) return -1;
  if (view.getUint32(0, true) !== 0xfd2fb528) return -1;
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const size = descriptor >> 6;
  if (at + ([1, 2, 4, 8][size] ?? 8) > data.length) return -1;
  if (size === 0) return isSingle ? view.getUint8(at) : -1;
  if (size === 1) return view.getUint16(at, true) + 256;
  return size === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
