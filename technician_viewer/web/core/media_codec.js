/** The parts of media records (PROTOCOL.md, section 7.2); protocol/media_codec.py. */
import { textOf } from "./bytes.js";
import { encodeText, integer } from "./codec.js";
import { RemoteProtocolError } from "./errors.js";
import { POINTER_SIDE_PX_MAX, RECTANGLE_PIXELS_MAX, SCREEN_SIDE_PX_MAX, SCREENS_MAX, VIDEO_PIXELS_MAX, VIDEO_STREAMS_MAX } from "./limits.js";
import { line } from "./messages.js";

/**
 * @typedef {{ number: number, x: number, y: number, width: number, height: number, name: string }} ScreenShape
 * @typedef {{ type: "screens", screens: ScreenShape[] }
 *   | { type: "rectangle", screen: number, codec: number, x: number, y: number, width: number, height: number, data: Uint8Array<ArrayBuffer> }
 *   | { type: "pointer", screen: number, isVisible: boolean, x: number, y: number }
 *   | { type: "shape", hotX: number, hotY: number, width: number, height: number, data: Uint8Array }
 *   | { type: "input" }
 *   | { type: "picture", number: number, isKey: boolean, isExact: boolean, atMs: number }
 *   | { type: "copy", screen: number, fromX: number, fromY: number, x: number, y: number, width: number, height: number }
 *   | { type: "video", stream: number, screen: number, x: number, y: number, width: number, height: number, codec: number,
 *       isKey: boolean, hasMore: boolean, data: Uint8Array<ArrayBuffer> }
 *   | { type: "video ended", stream: number }} Part
 */

/** How the pixels of a rectangle are written; protocol/media_parts.py says what each is. */
export const Codec = Object.freeze({ ZSTD: 1, ZSTD_STREAM: 2, JPEG: 3, PLANES: 4 });
/** How a video stream is written. */
export const VideoCodec = Object.freeze({ H264: 1, H264_444: 2, AV1: 3, VP9: 4 });

/** @param {boolean} holds @param {string} what @returns {asserts holds} */
function check(holds, what) {
  if (!holds) throw new RemoteProtocolError(what);
}

/** @param {Uint8Array<ArrayBuffer>} plain @returns {Part[]} @throws {RemoteProtocolError} */
export function readParts(plain) {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
  const parts = [];
  let at = 0;
  while (at < plain.length && plain[at] !== 0) {
    check(plain.length - at >= 5, "a part that is cut short");
    const kind = view.getUint8(at);
    const length = view.getUint32(at + 1);
    at += 5;
    check(length <= plain.length - at, "a part longer than its record");
    parts.push(readPart(kind, plain.subarray(at, at + length)));
    at += length;
  }
  check(plain.subarray(at).every((byte) => byte === 0), "padding that is not zero");
  return parts;
}

/** @param {number} kind @param {Uint8Array<ArrayBuffer>} body @returns {Part} */
function readPart(kind, body) {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const u8 = (/** @type {number} */ at) => view.getUint8(at);
  const u16 = (/** @type {number} */ at) => view.getUint16(at);
  try {
    if (kind === 1) return readScreens(body);
    if (kind === 2) {
      const [screen, codec, x, y, width, height] = [u8(0), u8(1), u16(2), u16(4), u16(6), u16(8)];
      check(screen < SCREENS_MAX && codec >= Codec.ZSTD && codec <= Codec.PLANES, "a malformed rectangle");
      check(isBox(width, height, SCREEN_SIDE_PX_MAX) && width * height <= RECTANGLE_PIXELS_MAX, "a rectangle of a wrong size");
      if (codec === Codec.ZSTD_STREAM) check(u8(10) <= 3, "a piece of the stream with unknown flags");
      return { type: "rectangle", screen, codec, x, y, width, height, data: body.subarray(10) };
    }
    if (kind === 3) {
      check(body.length === 6 && u8(0) < SCREENS_MAX && u8(1) <= 1, "a malformed pointer");
      return { type: "pointer", screen: u8(0), isVisible: u8(1) === 1, x: u16(2), y: u16(4) };
    }
    if (kind === 4) {
      check(isBox(u16(4), u16(6), POINTER_SIDE_PX_MAX), "a malformed pointer shape");
      return { type: "shape", hotX: u16(0), hotY: u16(2), width: u16(4), height: u16(6), data: body.subarray(8) };
    }
    if (kind === 5) return { type: "input" };
    if (kind === 6) {
      check(body.length === 17 && u8(8) <= 3, "a malformed end of a picture");
      const [isKey, isExact] = [(u8(8) & 1) !== 0, (u8(8) & 2) === 0];
      return { type: "picture", number: Number(view.getBigUint64(0)), isKey, isExact, atMs: Number(view.getBigUint64(9)) };
    }
    if (kind === 7) {
      const [width, height] = [u16(9), u16(11)];
      check(body.length === 13 && u8(0) < SCREENS_MAX && isBox(width, height, SCREEN_SIDE_PX_MAX), "a malformed copy");
      return { type: "copy", screen: u8(0), fromX: u16(1), fromY: u16(3), x: u16(5), y: u16(7), width, height };
    }
    if (kind === 8) return readVideo(body, u8, u16);
    if (kind === 9) {
      check(body.length === 1 && u8(0) < VIDEO_STREAMS_MAX, "a malformed end of a video");
      return { type: "video ended", stream: u8(0) };
    }
  } catch (error) {
    if (error instanceof RangeError) throw new RemoteProtocolError(`a part of type ${kind} that is cut short`);
    throw error;
  }
  throw new RemoteProtocolError(`a part of the unknown type ${kind}`);
}

/**
 * What the data of a rectangle of codec ZSTD_STREAM carries; `begins`: what went before is forgotten; `hasMore`: the next part goes on.
 * @param {Uint8Array<ArrayBuffer>} data
 */
export function readStreamData(data) {
  const flags = data[0] ?? 0;
  return { begins: (flags & 1) !== 0, hasMore: (flags & 2) !== 0, data: data.subarray(1) };
}

/** @param {Uint8Array<ArrayBuffer>} body @param {(at: number) => number} u8 @param {(at: number) => number} u16 @returns {Part} */
function readVideo(body, u8, u16) {
  const [stream, screen, x, y, width, height, codec, flags] = [u8(0), u8(1), u16(2), u16(4), u16(6), u16(8), u8(10), u8(11)];
  check(stream < VIDEO_STREAMS_MAX && screen < SCREENS_MAX && flags <= 3, "a malformed video");
  check(codec >= VideoCodec.H264 && codec <= VideoCodec.VP9, "a video of an unknown codec");
  const isEven = width % 2 === 0 && height % 2 === 0;
  check(isBox(width, height, SCREEN_SIDE_PX_MAX) && isEven && width * height <= VIDEO_PIXELS_MAX, "a video of a wrong size");
  const [isKey, hasMore] = [(flags & 1) !== 0, (flags & 2) !== 0];
  return { type: "video", stream, screen, x, y, width, height, codec, isKey, hasMore, data: body.subarray(12) };
}

/** @param {Uint8Array} body @returns {Part} */
function readScreens(body) {
  let message;
  try {
    const text = textOf(body);
    message = JSON.parse(text);
    if (encodeText(message) !== text) throw new Error("not canonical");
  } catch {
    throw new RemoteProtocolError("malformed screens");
  }
  const screens = message?.screens;
  const place = integer(-SCREEN_SIDE_PX_MAX, SCREEN_SIDE_PX_MAX);
  const isOne = (/** @type {any} */ s) =>
    hasOnly(s, ["height", "name", "number", "width", "x", "y"]) && integer(0, SCREENS_MAX - 1)(s.number) && line(s.name) &&
    place(s.x) && place(s.y) && [s.width, s.height].every(Number.isSafeInteger) && isBox(s.width, s.height, SCREEN_SIDE_PX_MAX);
  check(hasOnly(message, ["screens"]) && Array.isArray(screens) && screens.length >= 1 && screens.length <= SCREENS_MAX && screens.every(isOne), "malformed screens");
  return { type: "screens", screens };
}

/** @param {any} value @param {string[]} names in order */
const hasOnly = (value, names) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).sort().join() === names.join();

/** @param {number} width @param {number} height @param {number} max */
const isBox = (width, height, max) => width > 0 && height > 0 && width <= max && height <= max;
