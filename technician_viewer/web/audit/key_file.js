/** An auditor's key as it lies in a file on the auditor's own machine; technician_viewer/auditor_key.py writes it. */
import { concat, fromBase64, textOf, utf8 } from "../core/bytes.js";
import { encode } from "../core/codec.js";

const BYTES_MAX = 8192;
const ITERATIONS_MAX = 10_000_000;
/** RFC 8410: what stands before the 32 bytes of a private key. @param {number} kind the last number of its object identifier */
const pkcs8 = (kind) => Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, kind, 0x04, 0x22, 0x04, 0x20);
const X25519 = 0x6e, ED25519 = 0x70;

/** The file is something else. */
export class NotAKeyFile extends Error {}
/** Another passphrase, or the file was altered. */
export class WrongPassphrase extends Error {}

/**
 * An auditor: the public part, as the organisation's document has it, and the private keys, which cannot be read out: for opening (X25519)
 * and for signing (Ed25519).
 * @typedef {{ auditor: import("../core/handling.js").Auditor, keys: CryptoKeyPair, signingKey: CryptoKey }} OpenedKey
 */

/**
 * @param {string} written what is in the file @param {string} passphrase
 * @returns {Promise<OpenedKey>}
 * @throws {NotAKeyFile} @throws {WrongPassphrase}
 */
export async function openKeyFile(written, passphrase) {
  const file = readKeyFile(written);
  const secret = await crypto.subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const slowly = { name: "PBKDF2", hash: "SHA-512", salt: fromBase64(file.salt), iterations: file.iterations };
  const key = await crypto.subtle.deriveKey(slowly, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const { name, group, hpke_key, signing_key } = /** @type {import("../core/handling.js").Auditor} */ (/** @type {unknown} */ (file));
  const auditor = { name, group, hpke_key, signing_key };
  let opened;
  try {
    const additionalData = encode(auditor);
    opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(file.nonce), additionalData }, key, fromBase64(file.sealed));
  } catch {
    throw new WrongPassphrase("the key does not open");
  }
  const privateKey = await crypto.subtle.importKey("pkcs8", concat(pkcs8(X25519), new Uint8Array(opened, 0, 32)), "X25519", false, ["deriveBits"]);
  const signingKey = await crypto.subtle.importKey("pkcs8", concat(pkcs8(ED25519), new Uint8Array(opened, 32, 32)), "Ed25519", false, ["sign"]);
  return { auditor, keys: { privateKey, publicKey: await crypto.subtle.importKey("raw", fromBase64(hpke_key), "X25519", true, []) }, signingKey };
}

/** @param {string} written @returns {Record<string, any>} */
function readKeyFile(written) {
  try {
    const file = JSON.parse(written);
    const holds = written.length <= BYTES_MAX && file.type === "auditor_key" && Number.isSafeInteger(file.iterations) &&
      file.iterations > 0 && file.iterations <= ITERATIONS_MAX && textOf(encode(file)) === written &&
      ["name", "group", "hpke_key", "signing_key", "salt", "nonce", "sealed"].every((each) => typeof file[each] === "string");
    if (holds) return file;
  } catch {
    // Said below.
  }
  throw new NotAKeyFile("not a file of an auditor's keys");
}
