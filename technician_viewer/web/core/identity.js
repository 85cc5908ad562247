/** Who vouches for whom (PROTOCOL.md, section 4.4): root, organisation's document, technician's certificate; protocol/identity.py. */
import { areEqual, concat, fromBase64, toBase64, utf8 } from "./bytes.js";
import { bytes, count, decode, encode, integer, listOf, oneOf, text } from "./codec.js";
import { NotCertified, RemoteProtocolError } from "./errors.js";
import { CERTIFICATE_VALID_S_MAX, CLOCK_SKEW_S_MAX, DOCUMENT_VALID_S_MAX } from "./limits.js";
import { key, line, role } from "./messages.js";

const keys = listOf(key, 32);
const SIGNED = { signed: { body: text(65536), key, signature: bytes(64, 64) } };
/** @param {any} value */
export const isAuditor = (value) => {
  const { name, group, hpke_key: hpke, signing_key: signing, ...rest } = value ?? {};
  return line(name) && line(group) && key(hpke) && key(signing) && Object.keys(rest).length === 0;
};
const witnessName = text(100, /^[^\s+\x00-\x1f]+$/u);
const witnessAddress = text(200, /^https?:\/\/[A-Za-z0-9.:[\]/_-]+$/);
/** @param {any} value */
const witness = (value) => {
  const { name, key: itsKey, address, ...rest } = value ?? {};
  return witnessName(name) && key(itsKey) && witnessAddress(address) && Object.keys(rest).length === 0;
};
const DOCUMENT = {
  organisation: {
    number: integer(1, Number.MAX_SAFE_INTEGER), name: line, origins: listOf(text(200, /^https?:\/\/[A-Za-z0-9.:[\]-]+$/), 16), issuing_keys: keys,
    log_keys: keys, witnesses: listOf(witness, 16), witness_quorum: integer(0, 16), auditors: listOf(isAuditor, 64),
    recording: oneOf(["off", "asked", "required"]), recording_days: integer(1, 36500), log_days: integer(1, 36500), oldest_agent: text(14, /^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$/), valid_from: count, valid_until: count,
  },
};
const hex128 = text(32, /^[0-9a-f]{32}$/);
const CERTIFICATE = {
  certificate: {
    serial: hex128, key, name: line, organisation: line, role, ticket: line, session: hex128, signed_in_with: line,
    valid_from: count, valid_until: count,
  },
};

/** @param {string} text how a log refers to a document or a certificate: SHA-256 of it, in base64 */
export const textHash = async (text) => toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));

/** Both keys of an auditor as people compare them. @param {{ hpke_key: string, signing_key: string }} auditor */
export async function auditorFingerprint({ hpke_key: hpke, signing_key: signing }) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", concat(fromBase64(hpke), fromBase64(signing))));
  return toBase64(digest).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * @param {string} label @param {Uint8Array} body @param {Uint8Array<ArrayBuffer>} signature @param {Uint8Array<ArrayBuffer>} publicKey
 * @returns {Promise<boolean>} whether the holder of the key signed it for the purpose that the label names
 */
export async function isSigned(label, body, signature, publicKey) {
  const imported = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, concat(utf8(`mainforte-v1 ${label}\0`), body));
}

/**
 * @param {string} text of the organisation's document
 * @param {Uint8Array} fingerprint of the root that must have signed it @param {number} now UTC seconds
 * @returns {Promise<any>} the document @throws {NotCertified}
 */
export async function verifyDocument(text, fingerprint, now) {
  const document = await readDocument(text, fingerprint);
  checkValidity(document, now, DOCUMENT_VALID_S_MAX);
  return document;
}

/**
 * @param {string} text of an organisation's document of whatever time @param {Uint8Array} fingerprint of the root that must have signed it
 * @returns {Promise<any>} the document @throws {NotCertified}
 */
export async function readDocument(text, fingerprint) {
  const { body, key: root, signature } = readSigned(text);
  const itsFingerprint = new Uint8Array(await crypto.subtle.digest("SHA-256", fromBase64(root)));
  if (!areEqual(itsFingerprint, fingerprint)) throw new NotCertified("the organisation's document is signed by another root");
  if (!(await isSigned("organisation document", utf8(body), fromBase64(signature), fromBase64(root)))) throw new NotCertified("the root's signature does not verify");
  return decode(utf8(body), DOCUMENT, 65536);
}

/**
 * @param {string} text of a technician's certificate @param {any} document of the organisation @param {number} now UTC seconds
 * @returns {Promise<any>} the certificate @throws {NotCertified}
 */
export async function verifyCertificate(text, document, now) {
  const { body, key: issuer, signature } = readSigned(text);
  if (!document.issuing_keys.includes(issuer)) throw new NotCertified("a certificate of a key that the organisation does not name");
  if (!(await isSigned("technician certificate", utf8(body), fromBase64(signature), fromBase64(issuer)))) throw new NotCertified("the issuer's signature does not verify");
  const certificate = decode(utf8(body), CERTIFICATE, 4096);
  if (certificate.organisation !== document.name) throw new NotCertified("a certificate that names another organisation");
  checkValidity(certificate, now, CERTIFICATE_VALID_S_MAX);
  return certificate;
}

/** @param {string} written @returns {{ body: string, key: string, signature: string }} without judging who signed it @throws {RemoteProtocolError} */
export function readSigned(written) {
  let signed;
  try {
    signed = JSON.parse(written);
  } catch {
    throw new RemoteProtocolError("not a signed text");
  }
  if (typeof signed !== "object" || signed === null || Object.hasOwn(signed, "type")) throw new RemoteProtocolError("not a signed text");
  return decode(encode({ ...signed, type: "signed" }), SIGNED, 131072);
}

/** @param {{ valid_from: number, valid_until: number }} times @param {number} now @param {number} longestS */
function checkValidity({ valid_from: from, valid_until: until }, now, longestS) {
  if (!(from <= until && until <= from + longestS)) throw new NotCertified(`valid for longer than ${longestS} s`);
  if (now < from - CLOCK_SKEW_S_MAX || now > until + CLOCK_SKEW_S_MAX) throw new NotCertified("not valid now");
}
