/** CPace, suite CPACE-X25519-SHA512 (draft-irtf-cfrg-cpace-21), with nothing but WebCrypto; protocol/cpace.py. */
import { concat, utf8 } from "./bytes.js";
import { NotAuthentic } from "./errors.js";

/** The base point of X25519 itself (RFC 7748, section 4.1), for shares that no password protects. */
export const BASE_POINT = Uint8Array.from({ length: 32 }, (_, at) => (at ? 0 : 9));

const P = 2n ** 255n - 19n;
const A = 486662n;
const DSI = utf8("CPace255");
const HASH_BLOCK_BYTES = 128;
// The fixed beginning of an X25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8 = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20]);

/** @param {Uint8Array} data @returns {import("./bytes.js").Bytes} its length as LEB128, then the data */
export function prependLength(data) {
  const prefix = [];
  let length = data.length;
  for (; length >= 128; length = Math.floor(length / 128)) prefix.push((length % 128) + 128);
  return concat(Uint8Array.from([...prefix, length]), data);
}

/** @param {...Uint8Array} strings */
export const lvCat = (...strings) => concat(...strings.map(prependLength));

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let b = base % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  return result;
}

/** @param {bigint} value */
const mod = (value) => ((value % P) + P) % P;

/** @param {Uint8Array} digest @returns {bigint} a u-coordinate (RFC 9380, section 6.7.1) */
function elligator2(digest) {
  let r = 0n;
  for (let i = 31; i >= 0; i -= 1) r = (r << 8n) | BigInt(digest[i] ?? 0);
  r = (r & ((1n << 255n) - 1n)) % P;
  const v = mod(-A * power(1n + 2n * r * r, P - 2n));
  const square = power(mod(v ** 3n + A * v ** 2n + v), (P - 1n) / 2n);
  return square === 0n || square === 1n ? v : mod(-v - A);
}

/** @param {Uint8Array} password @param {Uint8Array} channel @param {Uint8Array} session */
export function generatorString(password, channel, session) {
  const padding = Math.max(0, HASH_BLOCK_BYTES - 1 - prependLength(password).length - prependLength(DSI).length);
  return lvCat(DSI, password, new Uint8Array(padding), channel, session);
}

/** @param {Uint8Array} password @param {Uint8Array} channel @param {Uint8Array} session the base point, 32 bytes */
export async function generator(password, channel, session) {
  const digest = await crypto.subtle.digest("SHA-512", generatorString(password, channel, session));
  let u = elligator2(new Uint8Array(digest).subarray(0, 32));
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(u & 255n);
    u >>= 8n;
    return byte;
  });
}

/**
 * Scalar times point: the public share with the generator, the shared point with the other's share.
 *
 * @param {import("./bytes.js").Bytes} scalar @param {import("./bytes.js").Bytes} point
 * @throws {NotAuthentic} a point of low order or of a wrong length
 */
export async function multiply(scalar, point) {
  try {
    const theirs = await crypto.subtle.importKey("raw", point, "X25519", false, []);
    const ours = await crypto.subtle.importKey("pkcs8", concat(PKCS8, scalar), "X25519", false, ["deriveBits"]);
    const product = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, ours, 256));
    if (product.every((byte) => byte === 0)) throw new Error("zero");
    return product;
  } catch {
    throw new NotAuthentic("a share of low order, or of a wrong length");
  }
}

/** @param {Uint8Array} ya @param {Uint8Array} ada @param {Uint8Array} yb @param {Uint8Array} adb */
export const transcript = (ya, ada, yb, adb) => concat(lvCat(ya, ada), lvCat(yb, adb));

/** ISK, 64 bytes. @param {Uint8Array} session @param {Uint8Array} point @param {Uint8Array} transcriptIr */
export async function intermediateKey(session, point, transcriptIr) {
  const input = concat(lvCat(concat(DSI, utf8("_ISK")), session, point), transcriptIr);
  return new Uint8Array(await crypto.subtle.digest("SHA-512", input));
}
