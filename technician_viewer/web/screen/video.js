/** Video streams (PROTOCOL.md, section 7.4): regions that keep moving, decoded by the browser (WebCodecs). */
import { RemoteProtocolError } from "../core/errors.js";
import { VIDEO_UNIT_BYTES_MAX } from "../core/limits.js";
import { VideoCodec } from "../core/media_codec.js";

/** @typedef {import("./frame_buffer.js").Box} Box */
/** @typedef {Extract<import("../core/media_codec.js").Part, { type: "video" }>} Part */

/**
 * What WebCodecs calls them (the registry's pages on AVC, AV1 and VP9): with levels that hold any picture that we take.
 * @type {Record<number, string>}
 */
const NAMES = {
  [VideoCodec.H264]: "avc1.640034", [VideoCodec.H264_444]: "avc1.F40034", [VideoCodec.AV1]: "av01.0.13M.08", [VideoCodec.VP9]: "vp09.00.51.08",
};

/** How a decoder is made. @param {number} codec @param {HardwareAcceleration} acceleration @returns {VideoDecoderConfig} */
export const decoding = (codec, acceleration) => ({ codec: NAMES[codec] ?? "", optimizeForLatency: true, hardwareAcceleration: acceleration });

export class VideoStream {
  /** @type {VideoDecoder | undefined} */
  #decoder;
  /** @type {Part | undefined} the last one */
  #last;
  /** The fragments of a coded picture. */
  #unit = new Uint8Array(65536);
  #unitBytes = 0;
  #isInside = false;
  #number = 0;

  /**
   * @param {(codec: number) => HardwareAcceleration} acceleration
   * @param {{ onPicture: (picture: VideoFrame) => void, onFailed: (error: Error) => void }} listener `onPicture` closes what it is given
   */
  constructor(acceleration, listener) {
    this.acceleration = acceleration;
    this.listener = listener;
  }

  /** It has begun, and can go on without a key. */
  get isOpen() { return this.#decoder !== undefined; }

  /**
   * @param {Part} part
   * @returns {boolean} whether a picture of its box is on its way now; else it was but a fragment
   * @throws {RemoteProtocolError} it does not go on from here
   */
  take(part) {
    const last = this.#last, isSame = last && isAlike(part, last);
    if (this.#isInside && !(isSame && part.isKey === last.isKey)) throw new RemoteProtocolError("a coded picture that is cut short");
    if (!this.#isInside && !part.isKey && !(isSame && this.#decoder)) throw new RemoteProtocolError("a video that does not begin with a key");
    if (!this.#isInside && part.isKey && !(isSame && this.#decoder)) this.#begin(part);
    this.#last = part;
    this.#append(part.data);
    this.#isInside = part.hasMore;
    if (part.hasMore) return false;
    const data = this.#unit.subarray(0, this.#unitBytes);
    this.#unitBytes = 0;
    this.#number += 1;
    this.#decoder?.decode(new EncodedVideoChunk({ type: part.isKey ? "key" : "delta", timestamp: this.#number, data }));
    return true;
  }

  /** Nothing more comes, or has to be right. */
  end() {
    const decoder = this.#decoder;
    this.#decoder = this.#last = undefined;
    this.#isInside = false;
    this.#unitBytes = 0;
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  /** @param {Part} part */
  #begin({ codec }) {
    this.end();
    const decoder = new VideoDecoder({
      output: (picture) => { if (this.#decoder === decoder) this.listener.onPicture(picture); else picture.close(); },
      error: (error) => { if (this.#decoder === decoder) this.listener.onFailed(error); },
    });
    decoder.configure(decoding(codec, this.acceleration(codec)));
    this.#decoder = decoder;
  }

  /** @param {Uint8Array} data */
  #append(data) {
    const bytes = this.#unitBytes + data.length;
    if (bytes > VIDEO_UNIT_BYTES_MAX) throw new RemoteProtocolError(`a coded picture of more than ${VIDEO_UNIT_BYTES_MAX} bytes`);
    if (bytes > this.#unit.length) {
      const larger = new Uint8Array(Math.min(VIDEO_UNIT_BYTES_MAX, 2 * bytes));
      larger.set(this.#unit.subarray(0, this.#unitBytes));
      this.#unit = larger;
    }
    this.#unit.set(data, this.#unitBytes);
    this.#unitBytes = bytes;
  }
}

/** Whether one decoder goes on from one to the other. @param {Part} a @param {Part} b */
export const isAlike = (a, b) =>
  a.codec === b.codec && a.screen === b.screen && a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
