/** Signed notes and timestamped cosignatures (C2SP signed-note.md, tlog-cosignature.md); the verifying half of protocol/signed_note.py. */
import { areEqual, concat, fromBase64, toBase64, utf8 } from "./bytes.js";
import { RemoteProtocolError } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

export const NOTE_BYTES_MAX = 4096;
export const ED25519 = 1;
export const COSIGNATURE = 4;
const SIGNATURES_MAX = 20;
// eslint-disable-next-line no-control-regex
const LINE = /^— ([^\s+\u0000-\u001f]{1,200}) ([A-Za-z0-9+/]+={0,2})$/u;

/**
 * A text, its last newline included, and the lines below it: each a name, and the bytes of key id and signature.
 * @typedef {{ text: string, lines: { name: string, data: Bytes }[] }} Note
 */

/** @param {string} written @returns {Note} a note, without judging its signatures @throws {RemoteProtocolError} not a note */
export function parseNote(written) {
  const end = written.lastIndexOf("\n\n");
  const below = written.slice(end + 2);
  // eslint-disable-next-line no-control-regex
  if (end < 0 || !below.endsWith("\n") || utf8(written).length > NOTE_BYTES_MAX || /[\u0000-\u0009\u000b-\u001f]/.test(written)) {
    throw new RemoteProtocolError("not a note");
  }
  const lines = below.slice(0, -1).split("\n").map((line) => {
    const [, name, encoded] = LINE.exec(line) ?? [];
    const data = encoded && encoded.length % 4 === 0 ? fromBase64(encoded) : new Uint8Array();
    if (!name || data.length <= 4) throw new RemoteProtocolError("a malformed signature line");
    return { name, data };
  });
  if (lines.length > SIGNATURES_MAX) throw new RemoteProtocolError("too many signatures");
  return { text: written.slice(0, end + 1), lines };
}

/** @param {string} name @param {Uint8Array} key @param {number} kind @returns {Promise<Bytes>} how a signature line names a key */
export async function keyId(name, key, kind) {
  const digest = await crypto.subtle.digest("SHA-256", concat(utf8(`${name}\n`), Uint8Array.of(kind), key));
  return new Uint8Array(digest).subarray(0, 4);
}

/** @param {string} text @param {number} atS UTC seconds @returns {Bytes} what a cosignature is made over */
export const cosigned = (text, atS) => utf8(`cosignature/v1\ntime ${atS}\n${text}`);

/** @param {string} name @param {Bytes} id @param {Bytes} signature @returns {string} */
export const signatureLine = (name, id, signature) => `— ${name} ${toBase64(concat(id, signature))}\n`;

/** @param {Note} note @param {string} name @param {Bytes} key @returns {Promise<boolean>} whether it carries a plain signature of this key */
export async function isSignedBy(note, name, key) {
  for (const signature of await signaturesOf(note, name, key, ED25519)) {
    if (await verifies(key, signature, utf8(note.text))) return true;
  }
  return false;
}

/**
 * @param {Note} note @param {string} name @param {Bytes} key
 * @returns {Promise<number | undefined>} when the holder of the key says to have cosigned it, in UTC seconds; undefined: never
 */
export async function cosignedAt(note, name, key) {
  for (const signature of await signaturesOf(note, name, key, COSIGNATURE)) {
    if (signature.length !== 72) continue;
    const atS = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
    if (await verifies(key, signature.slice(8), cosigned(note.text, atS))) return atS;
  }
  return undefined;
}

/** @param {Note} note @param {string} name @param {Bytes} key @param {number} kind */
async function signaturesOf(note, name, key, kind) {
  const id = await keyId(name, key, kind);
  return note.lines.filter((line) => line.name === name && areEqual(line.data.subarray(0, 4), id)).map((line) => line.data.slice(4));
}

/** @param {Bytes} key @param {Bytes} signature @param {Bytes} data */
async function verifies(key, signature, data) {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, data);
}
