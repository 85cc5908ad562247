/** The technician's side of the handshake (PROTOCOL.md, section 4): initiator; protocol/handshake.py, ViewerHandshake. */
import { areEqual, concat, fromBase64, utf8 } from "./bytes.js";
import { bytes, decode, encode, integer, listOf, text } from "./codec.js";
import { generator, intermediateKey, lvCat, multiply, transcript } from "./cpace.js";
import { LocalProtocolError, RemoteProtocolError, UnknownVersion, WrongSupportCode } from "./errors.js";
import { derive } from "./key_schedule.js";
import { HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION } from "./limits.js";

const names = listOf(text(32, /^[a-z0-9_.-]{1,32}$/), 32);
const name = text(32, /^[a-z0-9_.-]{1,32}$/);
const FROM_AGENT = {
  agent_hello: { versions: listOf(integer(1, 65535), 16), nonce: bytes(32, 32), capabilities: names, codecs: names, program: name },
  agent_share: { share: bytes(32, 32) },
  agent_confirmation: { tag: bytes(32, 32) },
};

/** @typedef {import("./key_schedule.js").ChannelSecrets} ChannelSecrets */

export class ViewerHandshake {
  #expected = "agent_hello";
  #agentHello = new Uint8Array();
  #viewerHello = new Uint8Array();
  #session = new Uint8Array();
  #share = new Uint8Array();
  #confirmation = new Uint8Array();
  /** @type {ChannelSecrets | undefined} */
  #secrets;
  /** @type {ChannelSecrets | undefined} there once the agent's confirmation held */
  channel;

  /**
   * @param {{ room: string, password: string }} code
   * @param {Uint8Array} rootFingerprint
   * @param {{ capabilities: string[], codecs: string[], program: string }} offer
   * @param {{ nonce: import("./bytes.js").Bytes, scalar: import("./bytes.js").Bytes }} randomness 32 fresh bytes each
   */
  constructor(code, rootFingerprint, offer, randomness) {
    this.password = utf8(code.password);
    this.channelId = lvCat(utf8("mainforte-v1 channel"), utf8("viewer"), utf8("agent"), rootFingerprint, utf8(code.room));
    this.offer = offer;
    this.randomness = randomness;
  }

  /**
   * Take the agent's next message and give the answers to send.
   *
   * @param {Uint8Array<ArrayBuffer>} data
   * @returns {Promise<Uint8Array[]>}
   */
  async receive(data) {
    const message = decode(data, FROM_AGENT, HANDSHAKE_MESSAGE_BYTES_MAX);
    if (message.type !== this.#expected) throw new RemoteProtocolError(`${message.type} where ${this.#expected} was expected`);
    if (message.type === "agent_hello") return this.#answerHello(message, data);
    if (message.type === "agent_share") return this.#answerShare(fromBase64(message.share));
    if (message.type !== "agent_confirmation") throw new LocalProtocolError("the handshake is over");
    if (!areEqual(fromBase64(message.tag), this.#confirmation)) throw new WrongSupportCode("the key confirmation does not hold");
    this.#expected = "";
    this.channel = this.#secrets;
    return [];
  }

  /** @param {any} hello @param {Uint8Array<ArrayBuffer>} data */
  async #answerHello(hello, data) {
    if (!hello.versions.includes(PROTOCOL_VERSION)) throw new UnknownVersion(`versions ${hello.versions}`);
    const both = (/** @type {string[]} */ ours, /** @type {string[]} */ theirs) => ours.filter((each) => theirs.includes(each));
    this.#agentHello = data.slice();
    this.#viewerHello = encode({
      type: "viewer_hello", version: PROTOCOL_VERSION, nonce: this.randomness.nonce, program: this.offer.program,
      capabilities: both(this.offer.capabilities, hello.capabilities), codecs: both(this.offer.codecs, hello.codecs),
    });
    const nonces = concat(fromBase64(hello.nonce), this.randomness.nonce);
    this.#session = new Uint8Array(await crypto.subtle.digest("SHA-256", nonces));
    this.#share = await multiply(this.randomness.scalar, await generator(this.password, this.channelId, this.#session));
    this.#expected = "agent_share";
    return [this.#viewerHello, encode({ type: "viewer_share", share: this.#share })];
  }

  /** @param {Uint8Array<ArrayBuffer>} share */
  async #answerShare(share) {
    const point = await multiply(this.randomness.scalar, share);
    const transcriptIr = transcript(this.#share, this.#viewerHello, share, this.#agentHello);
    const isk = await intermediateKey(this.#session, point, transcriptIr);
    const salt = new Uint8Array(await crypto.subtle.digest("SHA-256", concat(utf8("mainforte-v1 transcript"), transcriptIr)));
    const schedule = await derive(isk, salt);
    this.#confirmation = schedule.agentTag;
    this.#secrets = schedule.secrets;
    this.#expected = "agent_confirmation";
    return [encode({ type: "viewer_confirmation", tag: schedule.viewerTag })];
  }
}
