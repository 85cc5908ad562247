/** What a further viewer checks before it joins (PROTOCOL.md, section 12), so that no relay can stand in for the agent. */
import { areEqual, fromBase64 } from "./bytes.js";
import { LogTampered, NotCertified } from "./errors.js";
import { textHash, verifyCertificate, verifyDocument } from "./identity.js";
import { LogReader } from "./session_log.js";

/**
 * @param {{ document: string, certificate: string, firstCertificate: string, entries: string[], heads: string[] }} given by the relay
 * @param {{ fingerprint: Uint8Array, session: string, key: Uint8Array }} known the root, the session, and our own public key
 * @param {number} now UTC seconds
 * @returns {Promise<import("./bytes.js").Bytes>} the agent's joining key
 * @throws {NotCertified} somebody is not vouched for @throws {LogTampered} agent and first technician did not sign this log
 */
export async function verifyInvitation({ document, certificate, firstCertificate, entries, heads }, { fingerprint, session, key }, now) {
  const organisation = await verifyDocument(document, fingerprint, now);
  const mine = await verifyCertificate(certificate, organisation, now);
  if (mine.session !== session || !areEqual(fromBase64(mine.key), key)) throw new NotCertified("a certificate for somebody else");
  const first = await verifyCertificate(firstCertificate, organisation, now);
  const log = new LogReader();
  let opened;
  for (const entry of entries) {
    const { event } = await log.add(entry);
    opened ??= event;
  }
  if (!opened || ![opened.session, first.session].every((each) => each === session) || opened.participant !== first.serial ||
      ![opened.ticket, first.ticket].every((each) => each === mine.ticket)) {
    throw new LogTampered("the log of another session");
  }
  if (opened.certificate !== (await textHash(firstCertificate))) throw new LogTampered("a log that was opened with another certificate");
  const [agentKey, technicianKey] = [fromBase64(opened.agent_key), fromBase64(first.key)];
  for (const head of heads) if (await log.isSignedByBoth(head, agentKey, technicianKey)) return fromBase64(opened.joining_key);
  throw new LogTampered("a log that agent and technician have not signed");
}
