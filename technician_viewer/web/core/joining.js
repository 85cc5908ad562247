/** The viewer's side of joining a session that is running (PROTOCOL.md, section 12); protocol/joining.py, ViewerJoin. */
import { concat, fromBase64, utf8 } from "./bytes.js";
import { bytes, decode, encode } from "./codec.js";
import { BASE_POINT, lvCat, multiply } from "./cpace.js";
import { RemoteProtocolError } from "./errors.js";
import { checkTag, derive } from "./key_schedule.js";
import { HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION } from "./limits.js";

const FROM_AGENT = { join_answer: { nonce: bytes(32, 32), share: bytes(32, 32), tag: bytes(32, 32) } };

export class ViewerJoin {
  #hello = new Uint8Array();
  /** @type {import("./key_schedule.js").ChannelSecrets | undefined} there once the agent's confirmation held */
  channel;

  /**
   * @param {string} session
   * @param {import("./bytes.js").Bytes} agentKey the agent's joining key, from the first entry of a log that the first technician signed
   * @param {{ capabilities: string[], codecs: string[], program: string }} offer
   * @param {{ nonce: import("./bytes.js").Bytes, scalar: import("./bytes.js").Bytes }} randomness 32 fresh bytes each
   */
  constructor(session, agentKey, offer, randomness) {
    this.session = session;
    this.agentKey = agentKey;
    this.offer = offer;
    this.randomness = randomness;
  }

  /** What to say first. */
  async hello() {
    this.#hello = encode({
      type: "join_hello", version: PROTOCOL_VERSION, nonce: this.randomness.nonce,
      share: await multiply(this.randomness.scalar, BASE_POINT), ...this.offer,
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
    if (this.channel) throw new RemoteProtocolError("a second answer");
    const { scalar } = this.randomness;
    const points = concat(await multiply(scalar, this.agentKey), await multiply(scalar, fromBase64(answer.share)));
    const unsigned = encode({ ...answer, tag: new Uint8Array(32) });
    const transcript = lvCat(utf8(this.session), this.agentKey, this.#hello, unsigned);
    const salt = await crypto.subtle.digest("SHA-256", concat(utf8("mainforte-v1 join transcript"), transcript));
    const schedule = await derive(points, new Uint8Array(salt));
    checkTag(fromBase64(answer.tag), schedule.agentTag);
    this.channel = schedule.secrets;
    return [encode({ type: "join_confirmation", tag: schedule.viewerTag })];
  }
}
