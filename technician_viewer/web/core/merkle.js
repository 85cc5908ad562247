/** Proofs that nothing was left out of a Merkle tree, or changed (PROTOCOL.md, section 13); the verifying half of protocol/merkle.py. */
import { areEqual, concat } from "./bytes.js";
import { LogTampered } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

/** @param {Bytes} data @returns {Promise<Bytes>} */
const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

/** @param {Uint8Array} leaf */
export const leafHash = (leaf) => sha256(concat(Uint8Array.of(0), leaf));

/** @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

// Indices are below 2**53: halved by division, since `>>` knows 32 bits only.
/** @param {number} value */
const half = (value) => Math.floor(value / 2);

/**
 * RFC 9162, section 2.1.3.2.
 *
 * @param {Bytes} leaf its hash @param {number} index @param {Bytes[]} proof @param {number} size of the tree, in leaves @param {Bytes} root
 * @throws {LogTampered} it is not proven that the leaf is at this index of the tree with this root
 */
export async function verifyInclusion(leaf, index, proof, size, root) {
  if (!(index >= 0 && index < size) || leaf.length !== 32) throw new LogTampered(`leaf ${index} in a tree of ${size}`);
  let [first, last, total] = [index, size - 1, leaf];
  for (const each of proof) {
    if (last === 0) throw new LogTampered("a proof of inclusion that is too long");
    if (first % 2 === 1 || first === last) {
      total = await nodeHash(each, total);
      while (first % 2 === 0 && first > 0) [first, last] = [half(first), half(last)];
    } else {
      total = await nodeHash(total, each);
    }
    [first, last] = [half(first), half(last)];
  }
  if (last !== 0 || !areEqual(total, root)) throw new LogTampered(`leaf ${index} is not proven to be in the tree of ${size}`);
}

/**
 * RFC 9162, section 2.1.4.2.
 *
 * @param {number} older @param {Bytes} olderRoot @param {number} newer @param {Bytes} newerRoot @param {Bytes[]} proof
 * @throws {LogTampered} it is not proven that the older tree is the beginning of the newer one
 */
export async function verifyConsistency(older, olderRoot, newer, newerRoot, proof) {
  if (!(older >= 1 && older <= newer)) throw new LogTampered(`a tree of ${older} as the beginning of one of ${newer}`);
  let [inner, last, waiting] = [older - 1, newer - 1, proof];
  while (inner > 0 && (inner === last || inner % 2 === 1)) [inner, last] = [half(inner), half(last)];
  let theirs = olderRoot;
  if (inner > 0) {
    const [begin, ...rest] = proof;
    if (!begin) throw new LogTampered("a proof of consistency without hashes");
    [theirs, waiting] = [begin, rest];
  }
  let total = theirs;
  for (const each of waiting) {
    if (last === 0) throw new LogTampered("a proof of consistency that is too long");
    if (inner % 2 === 1 || inner === last) {
      if (inner > 0) theirs = await nodeHash(each, theirs);
      total = await nodeHash(each, total);
      while (inner % 2 === 0 && inner > 0) [inner, last] = [half(inner), half(last)];
    } else {
      total = await nodeHash(total, each);
    }
    [inner, last] = [half(inner), half(last)];
  }
  if (last !== 0 || !areEqual(theirs, olderRoot) || !areEqual(total, newerRoot)) {
    throw new LogTampered(`the tree of ${older} is not proven to be the beginning of the one of ${newer}`);
  }
}
