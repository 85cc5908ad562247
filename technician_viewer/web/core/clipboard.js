/** A text on its way from one clipboard to the other: protocol/clipboard.py (PROTOCOL.md, section 5.5). */
import { utf8 } from "./bytes.js";
import { RemoteProtocolError } from "./errors.js";
import { CLIPBOARD_BYTES_MAX, CLIPBOARD_PIECE_CHARACTERS_MAX } from "./limits.js";

/** The text as it travels: newlines as line ends, no control characters but tabs, whole characters only. @param {string} text */
// eslint-disable-next-line no-control-regex
export const plain = (text) => text.toWellFormed().replace(/\r\n?/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");

/** Whether it is more than may go at once. @param {string} text */
export const isTooLong = (text) => text.length > CLIPBOARD_BYTES_MAX || utf8(text).length > CLIPBOARD_BYTES_MAX;

/** The text in order, each piece small enough for a message. @param {string} text @returns {string[]} */
export function piecesOf(text) {
  const characters = [...text], pieces = [], size = CLIPBOARD_PIECE_CHARACTERS_MAX;
  for (let start = 0; start < characters.length; start += size) pieces.push(characters.slice(start, start + size).join(""));
  return pieces;
}

/** One text at its receiver, until it is complete. */
export class Arriving {
  /** @type {string[]} */
  #pieces = [];

  /**
   * Take the next piece.
   *
   * @param {{ number: number, pieces: number, text: string }} piece
   * @returns {string | undefined} all of it, with the last piece
   * @throws {RemoteProtocolError} more than may go at once
   */
  add({ number, pieces, text }) {
    const before = number ? this.#pieces : [];
    this.#pieces = [];
    // Of a text that was begun before something was lost.
    if (number !== before.length) return undefined;
    const arrived = [...before, text], whole = arrived.join("");
    if (isTooLong(whole)) throw new RemoteProtocolError("more text than may go at once");
    if (arrived.length === pieces) return whole;
    this.#pieces = arrived;
    return undefined;
  }
}
