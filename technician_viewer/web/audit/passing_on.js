/** Passes recordings on to another auditor, one session after the other; all of a session's evidence is checked before. No DOM. */
import { ApiError } from "../api.js";
import { fromBase64Url } from "../core/bytes.js";
import { NotForThisKey, ProtocolError } from "../core/errors.js";
import { textHash, verifyDocument } from "../core/identity.js";
import { Evidence } from "./evidence.js";

/**
 * @typedef {import("../core/handling.js").Auditor} Auditor
 * @typedef {"passed_on" | "has_it_already" | "not_recorded" | "deleted" | "not_for_this_key" | "altered"} Result what became of one session
 * @typedef {{ auditors: Auditor[], hash: string }} Auditors those of the organisation's document as it is now, and its hash
 */

/**
 * To whom recordings may be passed on: the auditors whom the root names, whatever the server says.
 *
 * @param {import("./api.js").AuditApi} api @param {string} fingerprint of the root, as this machine was told it
 * @returns {Promise<Auditors>} @throws {import("../core/errors.js").NotCertified} the root did not sign it
 */
export async function auditorsOf(api, fingerprint) {
  const written = await api.document();
  const { auditors } = await verifyDocument(written, fromBase64Url(fingerprint + "="), Math.floor(Date.now() / 1000));
  return { auditors, hash: await textHash(written) };
}

export class PassingOn {
  #isStopped = false;

  /**
   * @param {import("./api.js").AuditApi} api @param {string} fingerprint of the root
   * @param {{ mine: import("./key_file.js").OpenedKey, to: Auditor, document: string, reason: string }} what
   */
  constructor(api, fingerprint, what) {
    this.api = api;
    this.fingerprint = fingerprint;
    this.what = what;
  }

  /** No further session is begun. */
  stop() { this.#isStopped = true; }

  /**
   * @param {string[]} sessions @param {(session: string, result: Result, why: string) => void} onDone
   * @throws {unknown} the server cannot be reached, or refuses: what was done stays done, and is found to be done the next time
   */
  async run(sessions, onDone) {
    for (const session of sessions) {
      if (this.#isStopped) return;
      try {
        onDone(session, await this.#one(session), "");
      } catch (error) {
        if (error instanceof NotForThisKey) onDone(session, "not_for_this_key", "");
        else if (error instanceof ProtocolError) onDone(session, "altered", error.message);
        else if (error instanceof ApiError && error.reason === "has_it_already") onDone(session, "has_it_already", "");
        else throw error;
      }
    }
  }

  /** @param {string} session @returns {Promise<Result>} */
  async #one(session) {
    const { mine, to, document, reason } = this.what;
    const told = await this.api.seals(session, reason);
    const evidence = await Evidence.read(told, await this.api.logged(session), this.fingerprint);
    if (evidence.opened.session !== session) throw new ProtocolError("the evidence of another session");
    if (evidence.recording.segments.length === 0) return "not_recorded";
    if (await evidence.isSealedTo(to)) return "has_it_already";
    const record = await evidence.passOn(mine, to, document, reason);
    if (record === undefined) return "deleted";
    await this.api.resealed(session, record);
    return "passed_on";
  }
}
