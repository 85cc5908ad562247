/** Canonical JSON (PROTOCOL.md, section 1.2): members sorted, no white space, integers below 2**53, bytes as base64. */
import { textOf, toBase64, utf8 } from "./bytes.js";
import { LocalProtocolError, RemoteProtocolError } from "./errors.js";

/** @param {unknown} value @returns {string} @throws {LocalProtocolError} not encodable */
export function encodeText(value) {
  if (value instanceof Uint8Array) return JSON.stringify(toBase64(value));
  if (Array.isArray(value)) return `[${value.map(encodeText).join(",")}]`;
  if (typeof value === "string" && value.isWellFormed()) return JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${encodeText(member)}`).join(",")}}`;
  }
  throw new LocalProtocolError(`not encodable: ${typeof value}`);
}

/** @param {unknown} value @returns {import("./bytes.js").Bytes} */
export const encode = (value) => utf8(encodeText(value));

/**
 * Read a message of one of the kinds in `table`, each a table of fields and their checks.
 *
 * @param {Uint8Array} data
 * @param {Record<string, Record<string, (value: any) => boolean>>} table
 * @param {number} bytesMax
 * @returns {any}
 * @throws {RemoteProtocolError} too large, malformed, unknown, out of bounds or not canonical
 */
export function decode(data, table, bytesMax) {
  if (data.length > bytesMax) throw new RemoteProtocolError(`${data.length} bytes where at most ${bytesMax} are allowed`);
  /** @type {any} */
  let message;
  let text;
  try {
    text = textOf(data);
    message = JSON.parse(text);
    if (encodeText(message) !== text) throw new Error("not canonical");
  } catch {
    throw new RemoteProtocolError("malformed message");
  }
  const fields = Object.hasOwn(table, message?.type) ? table[message.type] : undefined;
  if (!fields) throw new RemoteProtocolError("a message of an unknown type");
  const { type, ...rest } = message;
  for (const [name, check] of Object.entries(fields)) {
    if (!Object.hasOwn(rest, name) || !check(rest[name])) throw new RemoteProtocolError(`${type}: ${name} is missing or out of bounds`);
  }
  if (Object.keys(rest).length !== Object.keys(fields).length) throw new RemoteProtocolError(`${type}: unknown fields`);
  return message;
}

/** The checks that tables of messages are made of. */
/** @param {number} min @param {number} max */
export const integer = (min, max) => (/** @type {any} */ value) => Number.isSafeInteger(value) && value >= min && value <= max;
export const count = integer(0, Number.MAX_SAFE_INTEGER);
/** @param {number} max in characters (code points) @param {RegExp} [pattern] */
export const text = (max, pattern) => (/** @type {any} */ value) =>
  typeof value === "string" && value.length <= 2 * max && [...value].length <= max && (!pattern || pattern.test(value));
/** @param {number} max @param {number} [min] */
export const bytes = (max, min = 0) => (/** @type {any} */ value) => {
  if (typeof value !== "string" || value.length > 2 * max + 4) return false;
  try {
    const decoded = atob(value);
    return btoa(decoded) === value && decoded.length >= min && decoded.length <= max;
  } catch {
    return false;
  }
};
/** @param {readonly string[]} names */
export const oneOf = (names) => (/** @type {any} */ value) => names.includes(value);
/** @param {(value: any) => boolean} check @param {number} max */
export const listOf = (check, max) => (/** @type {any} */ value) => Array.isArray(value) && value.length <= max && value.every(check);
export const flag = (/** @type {any} */ value) => typeof value === "boolean";
