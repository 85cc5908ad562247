/** Opening a recording with an auditor's key (PROTOCOL.md, section 14); protocol/recording_keys.py. */
import { areEqual, concat, fromBase64, toBase64, utf8 } from "./bytes.js";
import { bytes, decode, encode, integer, listOf, text } from "./codec.js";
import { LogTampered, NotAuthentic, NotForThisKey, RemoteProtocolError } from "./errors.js";
import * as hpke from "./hpke.js";
import { AUDITORS_MAX, BESIDE_BYTES_MAX } from "./limits.js";
import { key } from "./messages.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{ auditor: string, share: number, sealed: string }} Seal bytes as base64 */
/** @typedef {{ session: string, shares: number, seals: Seal[] }} Seals */

/** @param {any} value */
const isSeal = (value) => {
  const { auditor, share, sealed, ...rest } = value ?? {};
  return key(auditor) && integer(0, 1)(share) && bytes(80, 80)(sealed) && Object.keys(rest).length === 0;
};
const SEALS = { seals: { session: text(32, /^[0-9a-f]{32}$/), shares: integer(1, 2), seals: listOf(isSeal, AUDITORS_MAX) } };

const BLANK = 0x20;

/** @param {...Uint8Array} parts @returns {Promise<Bytes>} */
export const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));

/** @param {Bytes} data what lies beside the entry `key_sealed` @param {string} session @returns {Seals} @throws {RemoteProtocolError} */
export function readSeals(data, session) {
  if (data.length > BESIDE_BYTES_MAX) throw new RemoteProtocolError("seals that are too long");
  let written;
  try {
    written = JSON.parse(new TextDecoder().decode(data));
  } catch {
    throw new RemoteProtocolError("malformed seals");
  }
  if (typeof written !== "object" || written === null || Object.hasOwn(written, "type")) throw new RemoteProtocolError("malformed seals");
  if (!areEqual(encode(written), data)) throw new RemoteProtocolError("malformed seals");
  const seals = decode(encode({ ...written, type: "seals" }), SEALS, 2 * BESIDE_BYTES_MAX);
  if (seals.session !== session || seals.seals.length === 0 || seals.seals.some((/** @type {Seal} */ seal) => seal.share >= seals.shares)) {
    throw new RemoteProtocolError("the seals of another session");
  }
  return seals;
}

/** @param {string} session @param {Bytes} recordingKey @param {Bytes} hpkeKey the new auditor's, 32 bytes @returns {Promise<Seal>} */
export async function sealFor(session, recordingKey, hpkeKey) {
  const sealed = await hpke.seal(recordingKey, hpkeKey, sealInfo(session, 0, 1));
  return { auditor: toBase64(await sha256(hpkeKey)), share: 0, sealed: toBase64(sealed) };
}

/**
 * @param {Seals} seals @param {CryptoKeyPair} keys of the auditor (X25519) @param {Bytes} commitment what the log says of the key
 * @returns {Promise<Bytes>} the recording key
 * @throws {NotForThisKey} none of the seals is for this auditor @throws {NotAuthentic} it does not open
 * @throws {LogTampered} it opens to another key than the agent made
 */
export async function openRecordingKey(seals, keys, commitment) {
  if (seals.shares !== 1) throw new RemoteProtocolError("a recording that two auditors have to open together");
  const mine = toBase64(await sha256(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey))));
  const seal = seals.seals.find((each) => each.auditor === mine);
  if (!seal) throw new NotForThisKey("the recording was not sealed for this auditor's key");
  const opened = await hpke.open(fromBase64(seal.sealed), keys, sealInfo(seals.session, seal.share, seals.shares));
  if (!areEqual(await sha256(utf8("mainforte-v1 recording key commitment\0"), utf8(seals.session), opened), commitment)) {
    throw new LogTampered("the seal opens to another key than the one in the log");
  }
  return opened;
}

/** @param {string} session @param {number} share @param {number} shares */
const sealInfo = (session, share, shares) => concat(utf8("mainforte-v1 recording key\0"), utf8(session), Uint8Array.of(share, shares));

/** One session's recording key at work. */
export class RecordingKey {
  /** @param {string} session @param {CryptoKey} wrapping @param {CryptoKey} content */
  constructor(session, wrapping, content) {
    this.session = session;
    this.wrapping = wrapping;
    this.content = content;
  }

  /** @param {string} session @param {Bytes} raw @returns {Promise<RecordingKey>} */
  static async from(session, raw) {
    const secret = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
    const [wrapping, content] = await Promise.all(["epochs", "content"].map((purpose) => {
      const algorithm = { name: "HKDF", hash: "SHA-512", salt: utf8(session), info: utf8(`mainforte-v1 recording ${purpose}`) };
      return crypto.subtle.deriveKey(algorithm, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    }));
    return new RecordingKey(session, /** @type {CryptoKey} */ (wrapping), /** @type {CryptoKey} */ (content));
  }

  /**
   * @param {{ epoch: number, commitment: string, wrapped: string }} epoch as its entry says
   * @returns {Promise<Bytes>} its key @throws {LogTampered} it does not open, or to another key than the entry commits to
   */
  async unwrap({ epoch, commitment, wrapped }) {
    if (!wrapped) throw new RemoteProtocolError(`epoch ${epoch} was not recorded`);
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, epoch);
    const algorithm = { name: "AES-GCM", iv: concat(new Uint8Array(8), number), additionalData: fromBase64(commitment) };
    let opened;
    try {
      opened = new Uint8Array(await crypto.subtle.decrypt(algorithm, this.wrapping, fromBase64(wrapped)));
    } catch {
      throw new LogTampered(`the key of epoch ${epoch} does not open`);
    }
    const held = await sha256(utf8("mainforte-v1 epoch key commitment\0"), utf8(this.session), number, opened);
    if (!areEqual(held, fromBase64(commitment))) throw new LogTampered(`epoch ${epoch} opens with another key than the one in the log`);
    return opened;
  }

  /** What lies beside an entry, without the blanks that hide its length. @param {Bytes} sealed @returns {Promise<Bytes>} @throws {NotAuthentic} altered, or of another session */
  async openContent(sealed) {
    const algorithm = { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: utf8("mainforte-v1 content") };
    let opened;
    try {
      opened = new Uint8Array(await crypto.subtle.decrypt(algorithm, this.content, sealed.subarray(12)));
    } catch {
      throw new NotAuthentic("the content beside an entry does not verify");
    }
    return opened.subarray(0, opened.findLastIndex((byte) => byte !== BLANK) + 1);
  }
}
