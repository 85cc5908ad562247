/** Media records (PROTOCOL.md, section 7): opening them and reading their parts; protocol/media.py. */
import { textOf } from "./bytes.js";
import { encodeText, integer } from "./codec.js";
import { Audience } from "./envelope.js";
import { NotAuthentic, RemoteProtocolError } from "./errors.js";
import { POINTER_SIDE_PX_MAX, SCREEN_SIDE_PX_MAX, SCREENS_MAX } from "./limits.js";
import { line } from "./messages.js";

/**
 * @typedef {{ number: number, x: number, y: number, width: number, height: number, name: string }} ScreenShape
 * @typedef {{ type: "screens", screens: ScreenShape[] }
 *   | { type: "rectangle", screen: number, codec: number, x: number, y: number, width: number, height: number, data: Uint8Array }
 *   | { type: "pointer", screen: number, isVisible: boolean, x: number, y: number }
 *   | { type: "shape", hotX: number, hotY: number, width: number, height: number, data: Uint8Array }
 *   | { type: "input" }
 *   | { type: "picture", number: number, isKey: boolean, atMs: number }} Part
 */

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
      check(screen < SCREENS_MAX && codec === 1 && isBox(width, height, SCREEN_SIDE_PX_MAX), "a malformed rectangle");
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
      check(body.length === 17 && u8(8) <= 1, "a malformed end of a picture");
      return { type: "picture", number: Number(view.getBigUint64(0)), isKey: u8(8) === 1, atMs: Number(view.getBigUint64(9)) };
    }
  } catch (error) {
    if (error instanceof RangeError) throw new RemoteProtocolError(`a part of type ${kind} that is cut short`);
    throw error;
  }
  throw new RemoteProtocolError(`a part of the unknown type ${kind}`);
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

export class MediaOpener {
  /** @type {CryptoKey | undefined} */
  #key;
  #epoch = 0;
  #nextForMe = 0;
  nextCounter = 0;

  /** @param {number} epoch @param {Uint8Array<ArrayBuffer>} key @param {number} firstCounter */
  async startEpoch(epoch, key, firstCounter) {
    check(epoch > this.#epoch && firstCounter >= this.nextCounter, "an epoch that runs backwards");
    this.#key = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    this.#epoch = epoch;
    this.nextCounter = firstCounter;
    this.#nextForMe = 0;
  }

  /** @param {import("./envelope.js").MediaEnvelope} envelope @returns {Promise<Part[]>} the parts of the next record */
  async open(envelope) {
    const isForAll = envelope.audience === Audience.ALL;
    const expected = isForAll ? this.nextCounter : this.#nextForMe;
    check(envelope.audience !== Audience.STORE && envelope.epoch === this.#epoch && envelope.counter === expected, "a media record out of order");
    check(this.#key !== undefined, "a media record before its epoch");
    if (isForAll) this.nextCounter += 1;
    else this.#nextForMe += 1;
    const iv = new Uint8Array(12);
    const view = new DataView(iv.buffer);
    view.setUint8(0, envelope.audience);
    view.setUint16(1, envelope.peer);
    view.setBigUint64(4, BigInt(envelope.counter));
    try {
      const algorithm = { name: "AES-GCM", iv, additionalData: envelope.header };
      return readParts(new Uint8Array(await crypto.subtle.decrypt(algorithm, this.#key, envelope.sealed)));
    } catch (error) {
      if (error instanceof RemoteProtocolError) throw error;
      throw new NotAuthentic("a media record does not verify");
    }
  }
}
