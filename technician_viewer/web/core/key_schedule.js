/** From a shared secret to the keys of one channel (PROTOCOL.md, section 4.3); protocol/key_schedule.py. */
import { areEqual, utf8 } from "./bytes.js";
import { NotAuthentic } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{ viewerToAgent: CryptoKey, agentToViewer: CryptoKey, resume: CryptoKey, binding: Bytes }} ChannelSecrets */
/** @typedef {{ secrets: ChannelSecrets, viewerTag: Bytes, agentTag: Bytes }} Schedule */

/** A secret as a key that nothing can read again, so that it can be kept beside the page. @param {Bytes} raw */
export const asSecret = (raw) => crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);

/**
 * HKDF-SHA-512 (RFC 5869) for the purpose that the label names.
 *
 * @param {CryptoKey} key @param {Bytes} salt @param {string} label @param {number} [length] in bytes
 */
export async function expand(key, salt, label, length = 32) {
  const algorithm = { name: "HKDF", hash: "SHA-512", salt, info: utf8(`mainforte-v1 ${label}`) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 8 * length));
}

/** @param {Bytes} shared @param {Bytes} salt hashes the transcript @returns {Promise<Schedule>} */
export async function derive(shared, salt) {
  const key = await asSecret(shared);
  const aes = async (/** @type {string} */ label, /** @type {KeyUsage} */ usage) =>
    crypto.subtle.importKey("raw", await expand(key, salt, label), "AES-GCM", false, [usage]);
  const tag = async (/** @type {string} */ label) => {
    const mac = await crypto.subtle.importKey("raw", await expand(key, salt, label), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", mac, salt));
  };
  return {
    secrets: {
      viewerToAgent: await aes("viewer to agent", "encrypt"), agentToViewer: await aes("agent to viewer", "decrypt"),
      resume: await asSecret(await expand(key, salt, "resume")), binding: await expand(key, salt, "binding"),
    },
    viewerTag: await tag("viewer confirmation"), agentTag: await tag("agent confirmation"),
  };
}

/** @param {Bytes} tag @param {Bytes} expected @throws {NotAuthentic} it is another one */
export function checkTag(tag, expected) {
  if (!areEqual(tag, expected)) throw new NotAuthentic("the key confirmation does not hold");
}
