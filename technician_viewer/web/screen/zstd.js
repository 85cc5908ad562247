/** zstd in WebAssembly: one frame at a time, in memory that is used again and again. */
import { RemoteProtocolError } from "../core/errors.js";
import { ZSTDDecoder } from "../vendor/zstddec.js";

/**
 * What of the module's exports we call (zstd.h).
 * @typedef {{ memory: WebAssembly.Memory, malloc(bytes: number): number, free(at: number): void,
 *   ZSTD_decompress(to: number, toBytes: number, from: number, fromBytes: number): number }} Exports
 */

/** @type {Exports | undefined} */
let loaded;

/** Loads the module as the package does. Its own `decode` would give a new copy of each frame, some MB for a screen. */
class Loader extends ZSTDDecoder {
  /** Called by `init`, without `this`. @param {WebAssembly.WebAssemblyInstantiatedSource} result */
  _init(result) {
    super._init(result);
    loaded = /** @type {Exports} */ (/** @type {unknown} */ (result.instance.exports));
  }
}

export class Zstd {
  #from = { at: 0, bytes: 0 };
  #to = { at: 0, bytes: 0 };

  async init() { await new Loader().init(); }

  /**
   * @param {Uint8Array} data one frame @param {number} bytes what it holds, at most
   * @returns {Uint8Array<ArrayBuffer>} what it holds, in memory that the next call uses again; aligned for numbers of 8 bytes
   * @throws {RemoteProtocolError} it is not a frame, or holds more
   */
  decode(data, bytes) {
    if (!loaded) throw new Error("init first");
    const from = this.#room(loaded, this.#from, data.length), to = this.#room(loaded, this.#to, bytes);
    new Uint8Array(loaded.memory.buffer, from, data.length).set(data);
    const size = loaded.ZSTD_decompress(to, bytes, from, data.length);
    // Errors are the highest numbers of a size_t (zstd_errors.h), here negative or beyond any size.
    if (size < 0 || size > bytes) throw new RemoteProtocolError("a frame that cannot be decompressed");
    return new Uint8Array(/** @type {ArrayBuffer} */ (loaded.memory.buffer), to, size);
  }

  /** @param {Exports} zstd @param {{ at: number, bytes: number }} place @param {number} bytes */
  #room(zstd, place, bytes) {
    if (place.bytes < bytes) {
      if (place.at) zstd.free(place.at);
      place.at = zstd.malloc(bytes);
      place.bytes = place.at ? bytes : 0;
      if (!place.at) throw new RemoteProtocolError("a frame too large for the memory there is");
    }
    return place.at;
  }
}
