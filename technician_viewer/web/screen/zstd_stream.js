/** The one zstd stream that runs through the pixels of a session (PROTOCOL.md, section 7.3). */
import { RemoteProtocolError } from "../core/errors.js";
import { ZSTD_WINDOW_BYTES_MAX } from "../core/limits.js";
import { Room } from "./wasm.js";

/** ZSTD_inBuffer and ZSTD_outBuffer (zstd.h), one after the other: an address, a size and a position each, of 4 bytes. */
const BUFFERS_BYTES = 24;

export class ZstdStream {
  #context = 0;
  /** The frame's header has been read, and its window is one that we want. */
  #isHeaded = false;
  /** How much of a piece that came in fragments has been unpacked. */
  #given = 0;
  #buffers;
  #packed;
  #plain;

  /** @param {import("./wasm.js").Wasm} wasm */
  constructor(wasm) {
    this.wasm = wasm;
    this.#buffers = wasm.allocate(BUFFERS_BYTES);
    this.#packed = new Room(wasm);
    this.#plain = new Room(wasm);
  }

  /** It has begun, and can go on. */
  get isOpen() { return this.#context !== 0; }

  /** Nothing goes on from here: the next piece has to begin the stream. */
  end() {
    if (this.#context) this.wasm.zstd.ZSTD_freeDCtx(this.#context);
    this.#context = this.#given = 0;
  }

  /**
   * Take the next piece, or the next fragment of it.
   *
   * @param {{ begins: boolean, hasMore: boolean, data: Uint8Array }} fragment @param {number} bytes what the whole piece holds
   * @returns {number} where the piece's pixels are, until the next call; 0 while there is more to come
   * @throws {RemoteProtocolError} it does not go on from here, or does not hold just that; the stream has ended
   */
  take({ begins, hasMore, data }, bytes) {
    if (begins) this.#begin();
    if (!this.#context) throw new RemoteProtocolError("a piece of a stream that has not begun");
    const at = this.#plain.of(bytes + 1);
    try {
      this.#unpack(at, data, bytes);
      if (!hasMore && this.#given !== bytes) throw new RemoteProtocolError("a piece that holds less than its box");
    } catch (error) {
      this.end();
      throw error;
    }
    if (hasMore) return 0;
    this.#given = 0;
    return at;
  }

  #begin() {
    this.end();
    this.#context = this.wasm.zstd.ZSTD_createDCtx();
    this.#isHeaded = false;
    if (!this.#context) throw new RemoteProtocolError("no memory for a stream");
  }

  /** @param {number} to @param {Uint8Array} data @param {number} bytes */
  #unpack(to, data, bytes) {
    if (!this.#isHeaded) checkWindow(data);
    this.#isHeaded = true;
    const from = this.#packed.take(data), { zstd } = this.wasm;
    const buffers = new Uint32Array(this.wasm.heap.buffer, this.#buffers, BUFFERS_BYTES / 4);
    // There is room for one byte more than there may be: what fills it is too much, and is seen before more is unpacked.
    buffers.set([from, data.length, 0, to, bytes + 1, this.#given]);
    let read = 0;
    while (read < data.length) {
      const left = zstd.ZSTD_decompressStream(this.#context, this.#buffers + 12, this.#buffers);
      // The memory may have grown meanwhile.
      const now = new Uint32Array(this.wasm.heap.buffer, this.#buffers, BUFFERS_BYTES / 4);
      const [, , position = 0, , , given = 0] = now;
      // 0 is the end of a frame, errors are the highest numbers of a size_t (zstd_errors.h), here negative.
      if (left <= 0) throw new RemoteProtocolError("a piece that cannot be unpacked");
      if (given > bytes) throw new RemoteProtocolError("a piece that holds more than its box");
      if (position === read && given === this.#given) throw new RemoteProtocolError("a piece that leads nowhere");
      read = position;
      this.#given = given;
    }
  }
}

/** What a frame says of its window (RFC 8878, section 3.1.1.1.2) is compared before room is made for it. @param {Uint8Array} data */
function checkWindow(data) {
  const [a, b, c, d, descriptor = 0, window = 0] = data;
  const isFrame = data.length >= 6 && a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  // Neither a frame of known size, which needs no window, nor one with a dictionary.
  if (!isFrame || (descriptor & 0x23) !== 0) throw new RemoteProtocolError("a stream that does not begin with a frame of unknown size");
  const base = 2 ** (10 + (window >> 3));
  if (base + (base / 8) * (window & 7) > ZSTD_WINDOW_BYTES_MAX) throw new RemoteProtocolError("a stream with too large a window");
}
