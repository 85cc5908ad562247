/** Photos (JPEG, ITU-T T.81), decoded by the browser (WebCodecs). */
import { RemoteProtocolError } from "../core/errors.js";

/** The browser decodes JPEG into pictures as it does video. */
export const canDecode = "ImageDecoder" in globalThis && "VideoFrame" in globalThis;

/**
 * Decode one of just this size; what it declares is compared before anything is decoded.
 *
 * @param {Uint8Array<ArrayBuffer>} data @param {number} width @param {number} height
 * @returns {Promise<VideoFrame>} to be closed
 * @throws {RemoteProtocolError} it declares another size
 */
export async function decodePhoto(data, width, height) {
  checkSize(data, width, height);
  const decoder = new ImageDecoder({ data, type: "image/jpeg" });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}

/**
 * Find the frame's header (T.81, section B.2.2): baseline, three components, and the size it must have.
 * @param {Uint8Array} data @param {number} width @param {number} height @throws {RemoteProtocolError}
 */
export function checkSize(data, width, height) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const u16 = (/** @type {number} */ at) => (at + 2 <= data.length ? view.getUint16(at) : 0);
  if (u16(0) !== 0xffd8) throw new RemoteProtocolError("a photo that is not JPEG");
  // Segments before the frame's header: 0xffnn and their length, in which the length counts.
  let at = 2;
  while (u16(at) !== 0xffc0) {
    const marker = u16(at), length = u16(at + 2);
    // Tables, applications' data and comments, and no other kind of frame.
    const isPassed = marker === 0xffc4 || marker === 0xffdb || marker === 0xffdd || (marker >= 0xffe0 && marker <= 0xffef) || marker === 0xfffe;
    if (!isPassed || length < 2) throw new RemoteProtocolError("a photo that is not baseline JPEG");
    at += 2 + length;
  }
  const isOfSize = u16(at + 5) === height && u16(at + 7) === width && data[at + 9] === 3;
  if (!isOfSize) throw new RemoteProtocolError("a photo that declares another size than its box");
}
