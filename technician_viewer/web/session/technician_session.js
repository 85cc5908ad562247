/** The technician's end of one session: socket, handshake, channel, media, log. What it shows is others' business. */
import { concat, fromBase64, toBase64 } from "../core/bytes.js";
import { ControlChannel } from "../core/channel.js";
import { encode, encodeText } from "../core/codec.js";
import { Kind, SUBPROTOCOL, unwrap, wrap, wrapRelay } from "../core/envelope.js";
import { ProtocolError } from "../core/errors.js";
import { ViewerHandshake } from "../core/handshake.js";
import { ATTEMPTS_PER_CODE, PROOF_OF_LIFE_S } from "../core/limits.js";
import { MediaOpener } from "../core/media.js";
import { decodeFromRelay } from "../core/relay_messages.js";
import { LogReader } from "../core/session_log.js";
import { parse } from "../core/support_code.js";
import { utf8 } from "../core/bytes.js";

const OFFER = { capabilities: ["view", "control"], codecs: ["zstd"], program: "mainforte-page-1.0.0" };

/**
 * @typedef {{ url: string, token: string, code: string, rootFingerprint: Uint8Array, keys: CryptoKeyPair, certificate: string,
 *   ticket: string, subject: string, reason: string, asks: string }} SessionRequest
 */

/**
 * Events, each a CustomEvent: `state` (detail: { state, reason }), `message` (what the agent said), `parts` (decoded media parts).
 * States: waiting, candidate, paired, code_used_up, refused, gone.
 */
export class TechnicianSession extends EventTarget {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ViewerHandshake | undefined} */
  #handshake;
  /** @type {ControlChannel | undefined} */
  #channel;
  #media = new MediaOpener();
  #log = new LogReader();
  #agentKey = new Uint8Array();
  #incoming = Promise.resolve();
  #outgoing = Promise.resolve();
  #isOver = false;
  #attempts = 0;
  /** @type {number | undefined} */
  #pinging;
  /** When the agent last proved to be there, by performance.now(). */
  lastHeardMs = 0;

  /** @param {SessionRequest} request */
  constructor(request) {
    super();
    this.request = request;
  }

  start() {
    const socket = new WebSocket(this.request.url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#tellRelay({ type: "room_claimed", token: this.request.token });
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => { this.#incoming = this.#incoming.then(() => this.#finish("gone")); };
    this.#socket = socket;
  }

  /** Say something to the agent. @param {{ type: string, [field: string]: unknown }} message */
  send(message) {
    const channel = this.#channel;
    if (!channel || this.#isOver) return;
    const sealed = channel.seal(message);
    this.#outgoing = this.#outgoing.then(async () => this.#post(wrap(Kind.CONTROL, await sealed)));
  }

  /** End it for good. */
  async end() {
    this.send({ type: "ended", outcome: "completed" });
    await this.#outgoing;
  }

  close() {
    this.#isOver = true;
    clearInterval(this.#pinging);
    this.#socket?.close();
  }

  /** @param {unknown} data */
  #take(data) {
    if (!(data instanceof ArrayBuffer)) return this.#finish("refused", "unexpected");
    this.#incoming = this.#incoming.then(() => this.#read(new Uint8Array(data))).catch((error) => {
      console.error(error);
      this.#finish("refused", error instanceof ProtocolError ? "broken_rule" : "failed");
    });
  }

  /** @param {Uint8Array<ArrayBuffer>} data */
  async #read(data) {
    if (this.#isOver) return;
    const envelope = unwrap(data);
    if (envelope.kind === Kind.RELAY) await this.#onRelay(decodeFromRelay(envelope.content));
    else if (envelope.kind === Kind.HANDSHAKE) await this.#onHandshake(envelope.content);
    else if (envelope.kind === Kind.CONTROL) await this.#onMessage(await this.#channel?.open(envelope.content));
    else if (envelope.kind === Kind.MEDIA) this.#emit("parts", await this.#media.open(envelope));
  }

  /** @param {any} message */
  async #onRelay(message) {
    if (message.type === "room_opened") this.#emit("state", { state: "waiting", expiresAt: message.expires_at });
    if (message.type === "candidate_arrived") {
      // Counted here too: a hostile relay must not get more guesses than the code is good for.
      this.#attempts += 1;
      if (this.#attempts > ATTEMPTS_PER_CODE) return this.#finish("code_used_up");
      const random = () => crypto.getRandomValues(new Uint8Array(32));
      const { code, rootFingerprint } = this.request;
      this.#handshake = new ViewerHandshake(parse(code), rootFingerprint, OFFER, { nonce: random(), scalar: random() });
      this.#emit("state", { state: "candidate" });
    }
    if (message.type === "candidate_left") {
      this.#handshake = undefined;
      this.#emit("state", { state: "waiting" });
    }
    if (message.type === "peer_left") this.#finish("gone");
    if (message.type === "refused") this.#finish(message.reason === "too_many_attempts" ? "code_used_up" : "refused", message.reason);
  }

  /** @param {Uint8Array<ArrayBuffer>} content */
  async #onHandshake(content) {
    const handshake = this.#handshake;
    if (!handshake || this.#channel) return;
    try {
      for (const answer of await handshake.receive(content)) this.#post(wrap(Kind.HANDSHAKE, answer));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#handshake = undefined;
      this.#tellRelay({ type: "candidate_rejected" });
      return;
    }
    if (handshake.channel) await this.#introduce(handshake.channel);
  }

  /** @param {import("../core/handshake.js").ChannelSecrets} secrets */
  async #introduce(secrets) {
    this.#channel = new ControlChannel(secrets);
    this.lastHeardMs = performance.now();
    this.#tellRelay({ type: "candidate_accepted" });
    const { certificate, ticket, subject, reason, asks, keys } = this.request;
    const unsigned = { type: "introduced", certificate, ticket, subject, reason, asks, log_proof: "", proofs: [], signature: "" };
    const signed = concat(utf8("mainforte-v1 introduction\0"), secrets.binding, encode(unsigned));
    const signature = toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, signed)));
    this.send({ ...unsigned, signature });
    this.#pinging = setInterval(() => this.send({ type: "pinged", at_ms: Date.now() }), PROOF_OF_LIFE_S * 1000);
    this.#emit("state", { state: "paired" });
  }

  /** @param {any} message */
  async #onMessage(message) {
    if (!message) return;
    this.lastHeardMs = performance.now();
    switch (message.type) {
      case "welcomed":
        this.#agentKey = fromBase64(message.agent_key);
        break;
      case "epoch_started":
        await this.#media.startEpoch(message.epoch, fromBase64(message.key), message.first_counter);
        break;
      case "entry_appended":
        await this.#log.add(message.entry);
        break;
      case "head_offered": {
        const note = await this.#log.countersign(message.note, this.#agentKey, this.request.keys, Math.floor(Date.now() / 1000));
        this.#tellRelay({ type: "head_submitted", note });
        this.send({ type: "head_signed", note });
        break;
      }
      case "ended":
        this.#isOver = true;
        clearInterval(this.#pinging);
        this.#socket?.close();
        break;
    }
    this.#emit("message", message);
  }

  /** @param {string} state @param {string} [reason] */
  #finish(state, reason = "") {
    if (this.#isOver) return;
    this.close();
    this.#emit("state", { state, reason });
  }

  /** @param {object} message */
  #tellRelay(message) { this.#post(wrapRelay(utf8(encodeText(message)))); }

  /** @param {Uint8Array<ArrayBuffer>} data */
  #post(data) { if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data); }

  /** @param {string} name @param {unknown} detail */
  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
