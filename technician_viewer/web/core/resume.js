/** The viewer's side of a resume after a cut (PROTOCOL.md, section 11); protocol/resume.py, ViewerResume. */
import { concat, fromBase64, toBase64, utf8 } from "./bytes.js";
import { bytes, count, decode, encode } from "./codec.js";
import { BASE_POINT, lvCat, multiply } from "./cpace.js";
import { RemoteProtocolError } from "./errors.js";
import { checkTag, derive, expand } from "./key_schedule.js";
import { HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION } from "./limits.js";

const FROM_AGENT = {
  resume_answer: { meeting: bytes(16, 16), nonce: bytes(32, 32), share: bytes(32, 32), received: count, tag: bytes(32, 32) },
};

/** The name under which both ends speak of a secret without telling it. @param {CryptoKey} secret */
export const meetingOf = (secret) => expand(secret, new Uint8Array(), "meeting", 16);

export class ViewerResume {
  #hello = new Uint8Array();
  /** @type {Map<string, CryptoKey>} by its meeting */
  #secrets = new Map();
  /** @type {import("./key_schedule.js").ChannelSecrets | undefined} there once the agent's confirmation held */
  channel;
  agentReceived = 0;

  /**
   * @param {CryptoKey[]} secrets newest first; once the agent has answered, those to come back with from then on
   * @param {{ received: number, isEmpty: boolean, entries: number, lastHash: import("./bytes.js").Bytes }} position
   * @param {{ nonce: import("./bytes.js").Bytes, scalar: import("./bytes.js").Bytes }} randomness 32 fresh bytes each
   */
  constructor(secrets, position, randomness) {
    this.secrets = secrets;
    this.position = position;
    this.randomness = randomness;
  }

  /** What to say first. */
  async hello() {
    for (const secret of this.secrets) this.#secrets.set(toBase64(await meetingOf(secret)), secret);
    const { received, isEmpty, entries, lastHash } = this.position;
    this.#hello = encode({
      type: "resume_hello", version: PROTOCOL_VERSION, meetings: [...this.#secrets.keys()], nonce: this.randomness.nonce,
      share: await multiply(this.randomness.scalar, BASE_POINT), received, is_empty: isEmpty, entries, last_hash: lastHash,
    });
    return this.#hello;
  }

  /**
   * Take the agent's answer and give the confirmation to send.
   *
   * @param {Uint8Array<ArrayBuffer>} data @returns {Promise<Uint8Array[]>}
   */
  async receive(data) {
    const answer = decode(data, FROM_AGENT, HANDSHAKE_MESSAGE_BYTES_MAX);
    const secret = this.#secrets.get(answer.meeting);
    if (!secret || this.channel) throw new RemoteProtocolError("an answer to another hello");
    const unsigned = encode({ ...answer, tag: new Uint8Array(32) });
    const transcript = concat(utf8("mainforte-v1 resume transcript"), lvCat(this.#hello, unsigned));
    const salt = new Uint8Array(await crypto.subtle.digest("SHA-256", transcript));
    const point = await multiply(this.randomness.scalar, fromBase64(answer.share));
    const schedule = await derive(concat(await expand(secret, salt, "resume key"), point), salt);
    checkTag(fromBase64(answer.tag), schedule.agentTag);
    this.channel = schedule.secrets;
    this.agentReceived = answer.received;
    // Until a record under the new keys has verified, the one that the agent is known to hold is still of use.
    this.secrets = [schedule.secrets.resume, secret];
    return [encode({ type: "resume_confirmation", tag: schedule.viewerTag })];
  }
}
