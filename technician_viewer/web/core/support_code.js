/** The short code (PROTOCOL.md, section 3); protocol/support_code.py. */
import { BadSupportCode } from "./errors.js";
import { ROOM_DIGITS, SECRET_DIGITS, SECRET_WORDS, WORD_LETTERS } from "./limits.js";

/**
 * Read what a person typed, or the same written with dashes as in a link.
 *
 * @param {string} typed
 * @returns {{ room: string, password: string }}
 * @throws {BadSupportCode} it cannot be a code
 */
export function parse(typed) {
  if (typed.length > 100) throw new BadSupportCode("longer than any code");
  const words = typed.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").split(/[\s,.;_\-–—]+/u).filter(Boolean);
  const digits = words.filter((word) => /^[0-9]+$/.test(word)).join("");
  const letters = words.filter((word) => !/^[0-9]+$/.test(word));
  const room = digits.slice(0, ROOM_DIGITS);
  const secret = digits.slice(ROOM_DIGITS);
  if (letters.some((word) => !/^[a-z]{3,}$/.test(word)) || room.length < ROOM_DIGITS) throw new BadSupportCode("not a code");
  if (!letters.length && secret.length === SECRET_DIGITS) return { room, password: `digits:${secret}` };
  if (letters.length === SECRET_WORDS && !secret) {
    return { room, password: `words:${letters.map((word) => word.slice(0, WORD_LETTERS)).join(" ")}` };
  }
  throw new BadSupportCode("not a code");
}

/** A fresh secret of seven digits, each equally likely; the relay never sees it. @returns {string} */
export function newSecret() {
  const limit = 10 ** SECRET_DIGITS;
  const draw = new Uint32Array(1);
  do crypto.getRandomValues(draw); while ((draw[0] ?? 0) >= Math.floor(2 ** 32 / limit) * limit);
  return String((draw[0] ?? 0) % limit).padStart(SECRET_DIGITS, "0");
}
