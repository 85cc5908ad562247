/** The auditors' part of the desk's API. What it gives is sealed, or checked before it is believed. */
import { Api, ApiError } from "../api.js";

export class AuditApi extends Api {
  /** @param {Record<string, string>} asked @returns {Promise<{ sessions: any[], next: number | null }>} */
  sessions(asked) { return this.call(`/api/evidence/sessions?${new URLSearchParams(asked)}`); }

  /** Give the reason, and get what is kept. @param {string} session @param {string} reason @returns {Promise<import("./evidence.js").Told>} */
  watch(session, reason) { return this.call(`/api/evidence/sessions/${session}/watch`, { reason }); }

  /** @param {string} session @returns {Promise<import("./evidence.js").LoggedTold>} */
  logged(session) { return this.call(`/api/evidence/sessions/${session}/logged`); }

  /** Give the reason, and get what is needed to pass the recording on. @param {string} session @param {string} reason @returns {Promise<import("./evidence.js").Told>} */
  seals(session, reason) { return this.call(`/api/evidence/sessions/${session}/seals`, { reason }); }

  /** @param {string} session @param {string} record that it is passed on @throws {ApiError} 409 `has_it_already`, `not_an_auditor` */
  resealed(session, record) { return this.call(`/api/evidence/sessions/${session}/resealed`, { record }); }

  /** @returns {Promise<string>} the organisation's document as it is now, signed by its root */
  async document() { return (await this.call("/api/organisation")).document; }

  /** @param {string} session @param {string} reason keep everything of it, whatever its time */
  hold(session, reason) { return this.call(`/api/evidence/sessions/${session}/hold`, { reason }); }

  /** @param {string} session @param {string} reason let its time decide again */
  release(session, reason) { return this.call(`/api/evidence/sessions/${session}/release`, { reason }); }

  /** @param {string} session @param {number} number @returns {Promise<import("../core/bytes.js").Bytes | undefined>} nothing where it is not kept */
  async segment(session, number) {
    const answer = await this.fetch(`/api/evidence/sessions/${session}/segments/${number}`);
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new ApiError(answer.status);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** @param {string} session @param {string} reason @returns {Promise<Blob>} the evidence pack */
  async pack(session, reason) {
    const answer = await this.fetch(`/api/evidence/sessions/${session}/pack`, { reason });
    if (!answer.ok) throw new ApiError(answer.status);
    return answer.blob();
  }
}
