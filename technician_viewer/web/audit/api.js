/** The auditors' part of the desk's API. What it gives is sealed, or checked before it is believed. */
import { Api, ApiError } from "../api.js";

export class AuditApi extends Api {
  /** @param {Record<string, string>} asked @returns {Promise<{ sessions: any[], next: number | null }>} */
  sessions(asked) { return this.call(`/api/evidence/sessions?${new URLSearchParams(asked)}`); }

  /** Give the reason, and get what is kept. @param {string} session @param {string} reason @returns {Promise<import("./evidence.js").Told>} */
  watch(session, reason) { return this.call(`/api/evidence/sessions/${session}/watch`, { reason }); }

  /** @param {string} session @returns {Promise<import("./evidence.js").LoggedTold>} */
  logged(session) { return this.call(`/api/evidence/sessions/${session}/logged`); }

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
