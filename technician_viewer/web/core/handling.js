/** What is done with evidence afterwards (PROTOCOL.md, sections 13.3 and 13.4): deletions, and recordings passed on; protocol/handling.py. */
import { concat, fromBase64, toBase64, utf8 } from "./bytes.js";
import { bytes, count, decode, encode, encodeText, integer, text } from "./codec.js";
import { NotAuthentic, RemoteProtocolError } from "./errors.js";
import { isAuditor, isSigned, readSigned } from "./identity.js";
import { key, line, lines } from "./messages.js";

const RECORD_BYTES_MAX = 16 * 1024;
const DELETION = "deletion", RESEALING = "resealing";
const session = text(32, /^[0-9a-f]{32}$/);
const RECORDS = {
  [DELETION]: { session, what: text(9, /^(recording|log)$/), entries: count, last_hash: key, segments: count, reason: lines, by: line, at: integer(0, Number.MAX_SAFE_INTEGER) },
  [RESEALING]: { session, auditor: isAuditor, document: key, sealed: bytes(80, 80), reason: lines, at: integer(0, Number.MAX_SAFE_INTEGER) },
};

/**
 * @typedef {{ name: string, group: string, hpke_key: string, signing_key: string }} Auditor
 * @typedef {{ session: string, what: string, reason: string, by: string, at: number }} Deletion
 * @typedef {{ by: Auditor, auditor: Auditor, document: string, sealed: string, reason: string, at: number }} Resealed who passed it on, and what they said
 */

/**
 * @param {string[]} records of one session: certificates of deletions, then those of passing on, in the order in which they were made
 * @param {string} ofSession @param {any} document the organisation's, which the log names @param {string[]} logKeys of that one, and of later ones
 * @returns {Promise<{ deletions: Deletion[], resealed: Resealed[] }>}
 * @throws {NotAuthentic} one is not by who may do that, or of another session @throws {RemoteProtocolError} not a record
 */
export async function verifyRecords(records, ofSession, document, logKeys) {
  /** @type {Deletion[]} */
  const deletions = [];
  /** @type {Resealed[]} */
  const resealed = [];
  /** @type {Auditor[]} who can open it may pass it on */
  const auditors = [...document.auditors];
  for (const record of records) {
    if (record.length > RECORD_BYTES_MAX) throw new RemoteProtocolError("a record that is too long");
    const { body, key: signer, signature } = readSigned(record);
    const said = decode(utf8(body), RECORDS, RECORD_BYTES_MAX);
    if (said.session !== ofSession) throw new NotAuthentic("the record of another session");
    if (!(await isSigned(said.type, utf8(body), fromBase64(signature), fromBase64(signer)))) throw new NotAuthentic("the signature of a record does not verify");
    if (said.type === DELETION) {
      if (!logKeys.includes(signer)) throw new NotAuthentic("a deletion that no log key of the organisation signed");
      deletions.push(said);
    } else {
      const by = auditors.find(({ signing_key: itsKey }) => itsKey === signer);
      if (!by) throw new NotAuthentic("a recording passed on by somebody to whom it was not sealed");
      auditors.push(said.auditor);
      resealed.push({ ...said, by });
    }
  }
  return { deletions, resealed };
}

/**
 * @param {{ session: string, auditor: Auditor, document: string, sealed: string, reason: string, at: number }} said
 * @param {string} signer the public key of `signingKey` (Ed25519), base64 @param {CryptoKey} signingKey
 * @returns {Promise<string>} the record of a recording passed on
 */
export async function signResealing(said, signer, signingKey) {
  const body = encodeText({ ...said, type: RESEALING });
  decode(utf8(body), RECORDS, RECORD_BYTES_MAX);
  const signature = await crypto.subtle.sign("Ed25519", signingKey, concat(utf8(`mainforte-v1 ${RESEALING}\0`), utf8(body)));
  return new TextDecoder().decode(encode({ body, key: signer, signature: toBase64(new Uint8Array(signature)) }));
}
