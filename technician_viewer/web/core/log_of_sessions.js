/** The log of all sessions: whether something is proven to be in it (PROTOCOL.md, section 13); protocol/log_of_sessions.py. */
import { fromBase64, toBase64, utf8 } from "./bytes.js";
import { bytes, count, decode, integer, text } from "./codec.js";
import { NotLogged, RemoteProtocolError } from "./errors.js";
import { LEAF_BYTES_MAX, LOG_SIZE_MAX } from "./limits.js";
import { leafHash, verifyConsistency, verifyInclusion } from "./merkle.js";
import { key } from "./messages.js";
import { cosignedAt, isSignedBy, parseNote } from "./signed_note.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const salt = bytes(16, 16);
const session = text(32, /^[0-9a-f]{32}$/);
const LEAVES = {
  session_opened: { salt, session, certificate: key, agent_key: key, document: key },
  session_joined: { salt, session, certificate: key },
  session_closed: { salt, session, entries: count, last_hash: key, outcome: text(20, /^[a-z_]{0,20}$/) },
  handled: { salt, session, what: text(40, /^[a-z_]{1,40}$/), content: key },
  log_rewound: { salt, size: integer(0, LOG_SIZE_MAX - 1), root: key },
};

/**
 * Whose word about a log counts: its keys and witnesses (base64), and how many of these must agree.
 * @typedef {{ origin: string, logKeys: string[], witnesses: { name: string, key: string }[], quorum: number }} Trust
 */
/** @typedef {{ origin: string, size: number, root: Bytes, cosignedBy: { name: string, atS: number }[] }} Checkpoint */
/** @typedef {{ leaf: string, index: number, hashes: string[], checkpoint: string }} Logged */

/** @param {any} document of the organisation @param {string} fingerprint of its root, as text @returns {Trust} */
export const trustIn = (document, fingerprint) => ({
  origin: `mainforte/sessions/${fingerprint}`,
  logKeys: document.log_keys,
  witnesses: document.witnesses,
  quorum: document.witness_quorum,
});

/**
 * @param {string} written @param {Trust} trust
 * @returns {Promise<Checkpoint>} what the log signed, and enough of its witnesses cosigned
 * @throws {NotLogged} another log's, not signed by it, or by too few witnesses @throws {RemoteProtocolError} not a checkpoint
 */
export async function verifyCheckpoint(written, trust) {
  const note = parseNote(written);
  const [, origin = "", digits, encoded = ""] = /^([^\n]+)\n(0|[1-9][0-9]{0,12})\n([A-Za-z0-9+/]{43}=)\n$/.exec(note.text) ?? [];
  const [size, root] = [Number(digits), fromBase64(encoded)];
  if (!origin || size >= LOG_SIZE_MAX || toBase64(root) !== encoded) throw new RemoteProtocolError("not a checkpoint");
  if (origin !== trust.origin) throw new NotLogged("the checkpoint of another log");
  const signed = await Promise.all(trust.logKeys.map((each) => isSignedBy(note, origin, fromBase64(each))));
  if (!signed.includes(true)) throw new NotLogged("a checkpoint that the log did not sign");
  const cosignedBy = [];
  for (const { name, key: witness } of trust.witnesses) {
    const atS = await cosignedAt(note, name, fromBase64(witness));
    if (atS !== undefined) cosignedBy.push({ name, atS });
  }
  if (cosignedBy.length < trust.quorum) throw new NotLogged(`a checkpoint with ${cosignedBy.length} of ${trust.quorum} cosignatures`);
  return { origin, size, root, cosignedBy };
}

/**
 * @param {Logged} logged @param {Trust} trust
 * @returns {Promise<{ leaf: any, checkpoint: Checkpoint }>} the leaf that is proven to be in the log
 * @throws {NotLogged} @throws {import("./errors.js").LogTampered} the proof does not hold @throws {RemoteProtocolError} not a leaf
 */
export async function verifyLogged(logged, trust) {
  const leaf = decode(utf8(logged.leaf), LEAVES, LEAF_BYTES_MAX);
  const checkpoint = await verifyCheckpoint(logged.checkpoint, trust);
  const hashes = logged.hashes.map(fromBase64);
  await verifyInclusion(await leafHash(utf8(logged.leaf)), logged.index, hashes, checkpoint.size, checkpoint.root);
  return { leaf, checkpoint };
}

/**
 * The same, where any of several may vouch for it.
 *
 * @param {Logged} logged @param {Trust[]} trusts at least one
 * @returns {Promise<{ leaf: any, checkpoint: Checkpoint }>} @throws {NotLogged} none of them does: what the first one lacks is said
 */
export async function verifyLoggedByAny(logged, trusts) {
  let refused;
  for (const trust of trusts) {
    try {
      return await verifyLogged(logged, trust);
    } catch (error) {
      if (!(error instanceof NotLogged)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

/**
 * @param {Checkpoint} older @param {Checkpoint} newer @param {string[]} hashes
 * @throws {import("./errors.js").LogTampered} something that the older one spoke of is gone or changed
 */
export async function checkGrowth(older, newer, hashes) {
  if (older.size > 0) await verifyConsistency(older.size, older.root, newer.size, newer.root, hashes.map(fromBase64));
}
