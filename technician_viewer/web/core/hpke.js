/**
 * HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message a context. What `cryptography` has as
 * `hpke.Suite`, made of WebCrypto: the encapsulated key comes first, then the ciphertext.
 */
import { concat, utf8 } from "./bytes.js";
import { NotAuthentic } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const ENCAPSULATED_BYTES = 32;
const KEM_SUITE = concat(utf8("KEM"), Uint8Array.of(0, 0x20));
const SUITE = concat(utf8("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 2));
const NOTHING = new Uint8Array();

/**
 * @param {Bytes} sealed @param {CryptoKeyPair} keys of the recipient (X25519) @param {Bytes} info
 * @returns {Promise<Bytes>} @throws {NotAuthentic} sealed for somebody else, for something else, or altered
 */
export async function open(sealed, keys, info) {
  if (sealed.length < ENCAPSULATED_BYTES) throw new NotAuthentic("a sealed message that is cut short");
  const encapsulated = sealed.subarray(0, ENCAPSULATED_BYTES);
  try {
    const recipient = await rawPublic(keys.publicKey);
    const { key, iv } = await schedule(await agree(keys.privateKey, encapsulated), concat(encapsulated, recipient), info, "decrypt");
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed.subarray(ENCAPSULATED_BYTES)));
  } catch (error) {
    if (error instanceof DOMException) throw new NotAuthentic("a sealed message that does not open");
    throw error;
  }
}

/** @param {Bytes} plain @param {Bytes} recipient its public key, 32 bytes @param {Bytes} info @returns {Promise<Bytes>} */
export async function seal(plain, recipient, info) {
  const ephemeral = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("X25519", false, ["deriveBits"]));
  const encapsulated = await rawPublic(ephemeral.publicKey);
  const { key, iv } = await schedule(await agree(ephemeral.privateKey, recipient), concat(encapsulated, recipient), info, "encrypt");
  return concat(encapsulated, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain)));
}

/** @param {CryptoKey} key @returns {Promise<Bytes>} */
const rawPublic = async (key) => new Uint8Array(await crypto.subtle.exportKey("raw", key));

/** @param {CryptoKey} privateKey @param {Bytes} publicKey */
async function agree(privateKey, publicKey) {
  const imported = await crypto.subtle.importKey("raw", publicKey, "X25519", false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: imported }, privateKey, 256));
}

/** Sections 4.1 and 5.1. @param {Bytes} shared @param {Bytes} kemContext @param {Bytes} info @param {KeyUsage} usage */
async function schedule(shared, kemContext, info, usage) {
  const prk = await labeledExtract(KEM_SUITE, NOTHING, "eae_prk", shared);
  const sharedSecret = await labeledExpand(KEM_SUITE, prk, "shared_secret", kemContext, 32);
  const context = concat(
    Uint8Array.of(0), await labeledExtract(SUITE, NOTHING, "psk_id_hash", NOTHING), await labeledExtract(SUITE, NOTHING, "info_hash", info),
  );
  const secret = await labeledExtract(SUITE, sharedSecret, "secret", NOTHING);
  const key = await labeledExpand(SUITE, secret, "key", context, 32);
  return {
    key: await crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]),
    iv: await labeledExpand(SUITE, secret, "base_nonce", context, 12),
  };
}

/** @param {Bytes} suite @param {Bytes} salt @param {string} label @param {Bytes} ikm */
const labeledExtract = (suite, salt, label, ikm) => hmac(salt.length ? salt : new Uint8Array(32), concat(utf8("HPKE-v1"), suite, utf8(label), ikm));

/** One block of HKDF-Expand is all that is needed. @param {Bytes} suite @param {Bytes} prk @param {string} label @param {Bytes} info @param {number} length */
async function labeledExpand(suite, prk, label, info, length) {
  const labeled = concat(Uint8Array.of(0, length), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1));
  return (await hmac(prk, labeled)).slice(0, length);
}

/** @param {Bytes} key @param {Bytes} data */
async function hmac(key, data) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}
