/** The page's WebAssembly: zstd, and the loops over pixels, in one memory in which the picture lies too. */
import { RemoteProtocolError } from "../core/errors.js";
import { wasm as pixels } from "../vendor/pixels.js";
import { ZSTDDecoder } from "../vendor/zstddec.js";

/**
 * What of zstd we call (zstd.h), and what we add (pixels.wat); all are addresses and sizes in bytes.
 *
 * @typedef {{ memory: WebAssembly.Memory, malloc(bytes: number): number, free(at: number): void,
 *   ZSTD_createDCtx(): number, ZSTD_freeDCtx(context: number): number,
 *   ZSTD_decompress(to: number, toBytes: number, from: number, fromBytes: number): number,
 *   ZSTD_decompressStream(context: number, out: number, from: number): number }} Zstd
 * @typedef {{ put(to: number, stride: number, from: number, width: number, height: number): void,
 *   put_planes(to: number, stride: number, from: number, width: number, height: number): void }} Pixels
 */

/** @type {Zstd | undefined} */
let loaded;

/** Loads the module as the package does. Its own `decode` would give a new copy of each frame, some MB for a screen. */
class Loader extends ZSTDDecoder {
  /** Called by `init`, without `this`. @param {WebAssembly.WebAssemblyInstantiatedSource} result */
  _init(result) {
    super._init(result);
    loaded = /** @type {Zstd} */ (/** @type {unknown} */ (result.instance.exports));
  }
}

export class Wasm {
  #heap = new Uint8Array();
  #frame;
  #plain;

  /** @param {Zstd} zstd @param {Pixels} pixels */
  constructor(zstd, pixels) {
    this.zstd = zstd;
    this.pixels = pixels;
    this.#frame = new Room(this);
    this.#plain = new Room(this);
  }

  /** @returns {Promise<Wasm>} */
  static async load() {
    await new Loader().init();
    if (!loaded) throw new Error("zstddec has changed how it loads");
    const binary = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(binary, { zstd: { memory: loaded.memory } });
    return new Wasm(loaded, /** @type {Pixels} */ (/** @type {unknown} */ (instance.exports)));
  }

  /** The whole memory; another object after it has grown. @returns {Uint8Array<ArrayBuffer>} */
  get heap() {
    const { buffer } = this.zstd.memory;
    if (this.#heap.buffer !== buffer) this.#heap = new Uint8Array(/** @type {ArrayBuffer} */ (buffer));
    return /** @type {Uint8Array<ArrayBuffer>} */ (this.#heap);
  }

  /** @param {number} bytes @returns {number} where; aligned for numbers of 8 bytes @throws {RemoteProtocolError} there is not so much */
  allocate(bytes) {
    const at = this.zstd.malloc(bytes);
    if (!at) throw new RemoteProtocolError(`${bytes} bytes, for which there is no memory`);
    return at;
  }

  /**
   * Unpack one zstd frame that must hold exactly so many bytes; what it declares is compared before anything is unpacked.
   *
   * @param {Uint8Array} data @param {number} bytes
   * @returns {number} where they are, until the next call
   * @throws {RemoteProtocolError} it is not a frame, or one of another size
   */
  unpack(data, bytes) {
    if (declaredBytes(data) !== bytes) throw new RemoteProtocolError("a frame that declares another size than its box");
    const from = this.#frame.take(data), to = this.#plain.of(bytes);
    // Errors are the highest numbers of a size_t (zstd_errors.h), here negative.
    if (this.zstd.ZSTD_decompress(to, bytes, from, data.length) !== bytes) throw new RemoteProtocolError("a frame that cannot be unpacked");
    return to;
  }
}

/** A place in the memory that is used again and again, and made larger when that is needed. */
export class Room {
  #at = 0;
  #bytes = 0;

  /** @param {Wasm} wasm */
  constructor(wasm) { this.wasm = wasm; }

  /** @param {number} bytes @returns {number} where so many bytes may lie; what lay there is lost if it was less */
  of(bytes) {
    if (this.#bytes >= bytes) return this.#at;
    if (this.#at) this.wasm.zstd.free(this.#at);
    this.#at = this.#bytes = 0;
    this.#at = this.wasm.allocate(bytes);
    this.#bytes = bytes;
    return this.#at;
  }

  /** @param {Uint8Array} data @returns {number} where it lies now */
  take(data) {
    const at = this.of(data.length);
    this.wasm.heap.set(data, at);
    return at;
  }
}

/** The content size in a frame's header (RFC 8878, section 3.1.1.1), -1 where there is none. @param {Uint8Array} data */
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
