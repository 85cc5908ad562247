/** The technician's end of one session: handshakes, channel, media, log, and coming back. What it shows is others' business. */
import { concat, fromBase64, toBase64, utf8 } from "../core/bytes.js";
import { ControlChannel } from "../core/channel.js";
import { encode } from "../core/codec.js";
import { Kind, wrap } from "../core/envelope.js";
import { ProtocolError } from "../core/errors.js";
import { ViewerHandshake } from "../core/handshake.js";
import { ViewerJoin } from "../core/joining.js";
import { ATTEMPTS_PER_CODE, HANDSHAKE_TIMEOUT_S, PEER_GONE_S, PROOF_OF_LIFE_S, VIEW_GRACE_S } from "../core/limits.js";
import { MediaOpener } from "../core/media.js";
import { decodeFromRelay } from "../core/relay_messages.js";
import { ViewerResume } from "../core/resume.js";
import { LogReader } from "../core/session_log.js";
import { SignsOfLife } from "../core/signs_of_life.js";
import { parse } from "../core/support_code.js";
import { Nodes } from "../core/nodes.js";
import { Connection } from "./connection.js";
import { forget, keep } from "./keeping.js";
import { Ticking } from "./ticking.js";

const CAPABILITIES = ["view", "control", "files", "clipboard"];
const PROGRAM = "mainforte-page-1.0.0";
const random = () => crypto.getRandomValues(new Uint8Array(32));
const fresh = () => ({ nonce: random(), scalar: random() });

/** How often what is kept says that the session is still there: less often than it may be away, by far. */
const KEEP_MS = 5000;

/**
 * What all ways into a session need, and what each needs besides. `shown` is what the page itself wants to know again after it was loaded anew.
 *
 * `url` is that of the relay's socket, and `urls` those of all its nodes, in the order of the organisation's document.
 *
 * @typedef {{ url: string, urls?: string[], session: string, keys: CryptoKeyPair, certificate: string, ticket: string, subject: string, reason: string,
 *   asks: string, shown: Record<string, string> }} Person
 * @typedef {{ token: string, code: string, rootFingerprint: Uint8Array }} ByCode
 * @typedef {{ joiningKey: import("../core/bytes.js").Bytes }} ByInvitation
 * @typedef {{ secrets: CryptoKey[], heardAt: number }} ByReturn
 */

/**
 * Events, each a CustomEvent: `state` (detail: { state, reason }), `message` (what the agent said), `parts` (detail: { parts, atMs },
 * the parts of a media record and when it arrived, by performance.now()).
 * States: waiting, candidate, paired, away, back; and at the end code_used_up, refused, gone, sent_away, left.
 */
export class TechnicianSession extends EventTarget {
  #connection;
  /** @type {{ receive(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array[]>, channel: any } | undefined} the handshake that is going on */
  #handshake;
  /** @type {ControlChannel | undefined} */
  #channel;
  /** @type {CryptoKey[]} to come back with, newest first; the old one stays until a record under the new keys has verified */
  #secrets = [];
  /** After a return with nothing, until something came: whether the agent took it is not known. */
  #hasReturnedEmpty = false;
  #media = new MediaOpener();
  #log = new LogReader();
  #signsOfLife = new SignsOfLife();
  #agentKey = new Uint8Array();
  #outgoing = Promise.resolve();
  #isConnected = false;
  /** At the node that we are connected with. */
  #isAgentHere = false;
  #isOver = false;
  #attempts = 0;
  /** @type {Ticking | undefined} */
  #ticking;
  /** When the line was last begun anew, by performance.now(). */
  #begunMs = 0;
  /** What is kept is written in the order in which it was said. */
  #keeping = Promise.resolve();
  #keptMs = 0;
  /** When the agent last proved to be there, by performance.now(). */
  lastHeardMs = 0;
  /** The same in UTC milliseconds, by a clock that goes on while the computer sleeps: the graces count from it. */
  heardAt = Date.now();

  /**
   * @param {Person} person @param {{ code?: ByCode, invitation?: ByInvitation, kept?: ByReturn }} way exactly one
   * @param {string[]} codecs what this browser decodes (PROTOCOL.md, section 7.5); who comes back has said it before
   */
  constructor(person, way, codecs) {
    super();
    this.person = person;
    this.offer = { capabilities: CAPABILITIES, codecs, program: PROGRAM };
    this.way = way;
    this.#secrets = way.kept?.secrets ?? [];
    this.heardAt = way.kept?.heardAt ?? Date.now();
    this.#connection = new Connection(new Nodes(person.url, person.urls ?? []), {
      first: () => this.#first(),
      prepare: (envelope) => (envelope.kind === Kind.MEDIA && this.#isConnected ? this.#media.prepare(envelope) : undefined),
      onEnvelope: (arrived) => this.#onEnvelope(arrived),
      onLost: () => this.#onLost(),
      onError: (error) => {
        console.error(error);
        this.#finish("refused", error instanceof ProtocolError ? "broken_rule" : "failed");
      },
    });
  }

  /** The secret made anew, for a room that waits. @param {string} code */
  useCode(code) { if (this.way.code) this.way.code.code = code; }

  start() {
    this.lastHeardMs = this.#begunMs = performance.now();
    this.#ticking = new Ticking(() => this.#tick(), PROOF_OF_LIFE_S * 1000);
    this.#connection.open();
  }

  /** For how many seconds nothing was heard of the agent. */
  get silentS() { return (performance.now() - this.lastHeardMs) / 1000; }

  /** Whether what was said still waits in this browser. */
  get isBusy() { return this.#connection.isBusy; }

  /** Say something to the agent; what it misses during a cut, it hears afterwards. @param {{ type: string, [field: string]: unknown }} message */
  send(message) {
    const channel = this.#channel;
    if (!channel || this.#isOver) return;
    if (!this.#isConnected) return channel.sayLater(message);
    this.#signsOfLife.said(message);
    this.#post(channel.seal(message));
  }

  /** End it for good, or only leave where somebody else leads. */
  async end() {
    this.send({ type: "ended", outcome: "completed" });
    await this.#outgoing;
  }

  /** Leave it to the others. */
  async leave() {
    this.send({ type: "left" });
    await this.#outgoing;
    this.#finish("left");
  }

  close() {
    this.#isOver = true;
    this.#ticking?.stop();
    this.#connection.close();
    this.#inOrder(() => forget(this.person.session));
  }

  /** What the relay is told first: the token of a new room, or who comes back to which session. */
  async #first() {
    if (!this.#secrets.length && this.way.code) return { type: "room_claimed", token: this.way.code.token };
    const { certificate, session } = this.person;
    const atMs = Date.now();
    const signature = toBase64(await this.#sign("arrival", utf8(`${session}\n${atMs}`)));
    return { type: "viewer_came", certificate, at_ms: atMs, signature };
  }

  /** @param {string} label @param {Uint8Array} content */
  async #sign(label, content) {
    const signed = concat(utf8(`mainforte-v1 ${label}\0`), content);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.person.keys.privateKey, signed));
  }

  /** @param {import("./connection.js").Arrived} arrived */
  async #onEnvelope({ envelope, prepared, atMs }) {
    if (this.#isOver) return;
    if (envelope.kind === Kind.RELAY) await this.#onRelay(decodeFromRelay(envelope.content));
    else if (envelope.kind === Kind.HANDSHAKE) await this.#onHandshake(envelope.content);
    else if (envelope.kind === Kind.CONTROL && this.#isConnected) await this.#onMessage(await this.#channel?.open(envelope.content));
    else if (envelope.kind === Kind.MEDIA && this.#isConnected) this.#emit("parts", { parts: await this.#media.open(envelope, prepared), atMs });
  }

  /** @param {any} message */
  async #onRelay(message) {
    switch (message.type) {
      case "room_opened":
        this.#connection.settled();
        this.#emit("state", { state: "waiting", expiresAt: message.expires_at });
        break;
      case "candidate_arrived":
        this.#onCandidate();
        break;
      case "candidate_left":
        this.#handshake = undefined;
        this.#emit("state", { state: "waiting" });
        break;
      case "agent_present":
        this.#isAgentHere = true;
        await this.#greet();
        break;
      case "peer_left":
        this.#isAgentHere = false;
        this.#cut();
        break;
      case "refused":
        this.#onRefused(message.reason);
        break;
    }
  }

  /** @param {string} reason */
  #onRefused(reason) {
    if (reason === "too_many_attempts") this.#finish("code_used_up");
    else if (this.way.code && !this.#secrets.length) this.#finish("refused", reason);
    else if (reason === "no_room" || (reason === "dismissed" && !this.#isConnected)) this.#finish("gone", reason);
    else if (["shutting_down", "desk_unreachable"].includes(reason)) this.#connection.nodes.goOn();
    // All else passes: a relay that restarts, a page that was too slow for a while.
  }

  #onCandidate() {
    // Counted here too: a hostile relay must not get more guesses than the code is good for.
    this.#attempts += 1;
    const { code, rootFingerprint } = this.way.code ?? {};
    if (this.#attempts > ATTEMPTS_PER_CODE || !code || !rootFingerprint || this.#channel) return this.#finish("code_used_up");
    this.#handshake = new ViewerHandshake(parse(code), rootFingerprint, this.offer, fresh());
    this.#emit("state", { state: "candidate" });
  }

  /** The agent is on the line: come back to it, or join. */
  async #greet() {
    this.#isConnected = false;
    if (this.#secrets.length) {
      const position = { received: this.#channel?.received ?? 0, isEmpty: !this.#channel, ...this.#log.position };
      this.#handshake = new ViewerResume(this.#secrets, position, fresh());
    } else if (this.way.invitation) {
      this.#handshake = new ViewerJoin(this.person.session, this.way.invitation.joiningKey, this.offer, fresh());
    } else return;
    this.#connection.send(wrap(Kind.HANDSHAKE, await /** @type {any} */ (this.#handshake).hello()));
  }

  /** @param {Uint8Array<ArrayBuffer>} content */
  async #onHandshake(content) {
    const handshake = this.#handshake;
    if (!handshake) return;
    try {
      for (const answer of await handshake.receive(content)) this.#connection.send(wrap(Kind.HANDSHAKE, answer));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#handshake = undefined;
      if (handshake instanceof ViewerHandshake) this.#connection.tell({ type: "candidate_rejected", attempt: this.#attempts });
      else this.#connection.renew();
      return;
    }
    if (!handshake.channel) return;
    this.#handshake = undefined;
    if (handshake instanceof ViewerResume) await this.#comeBack(handshake);
    else await this.#meet(handshake);
  }

  /** A first meeting, by code or by invitation. @param {{ channel: import("../core/key_schedule.js").ChannelSecrets }} handshake */
  async #meet(handshake) {
    const secrets = handshake.channel;
    const { certificate, ticket, subject, reason, asks } = this.person;
    const unsigned = { type: "introduced", certificate, ticket, subject, reason, asks, proofs: [], signature: "" };
    const signature = toBase64(await this.#sign("introduction", concat(secrets.binding, encode(unsigned))));
    if (handshake instanceof ViewerHandshake) this.#connection.tell({ type: "candidate_accepted", attempt: this.#attempts });
    // First who we are: as soon as we are connected, the next sign of life may go out.
    this.#channel = new ControlChannel(secrets);
    this.#post(this.#channel.seal({ ...unsigned, signature }));
    await this.#connect([secrets.resume]);
    this.#emit("state", { state: "paired" });
  }

  /** @param {ViewerResume} resume */
  async #comeBack(resume) {
    const secrets = /** @type {import("../core/key_schedule.js").ChannelSecrets} */ (resume.channel);
    if (this.#channel) this.#channel.renew(secrets, resume.agentReceived);
    else this.#channel = new ControlChannel(secrets);
    const signature = toBase64(await this.#sign("return", secrets.binding));
    // First who we are, then what the agent has missed, then whatever is said from now on.
    this.#post(this.#channel.seal({ type: "returned", signature }));
    for (const record of this.#channel.again()) this.#post(record);
    this.#hasReturnedEmpty = resume.position.isEmpty;
    await this.#connect(resume.secrets);
  }

  /** @param {CryptoKey[]} secrets */
  async #connect(secrets) {
    this.#secrets = secrets;
    this.#signsOfLife = new SignsOfLife();
    this.#isConnected = true;
    this.lastHeardMs = performance.now();
    this.heardAt = Date.now();
    await this.#keep();
  }

  /** What the page wants to know again after it was loaded anew; it goes with the session. @param {string} name @param {string} text */
  remember(name, text) {
    this.person.shown[name] = text;
    void this.#keep();
  }

  /** A browser that keeps nothing, as in some private windows, has a session all the same: only loading the page again ends it. */
  async #keep() {
    this.#keptMs = performance.now();
    const kept = { session: this.person.session, person: this.person, secrets: this.#secrets, heardAt: this.heardAt };
    this.#inOrder(async () => { if (!this.#isOver) await keep(kept); });
    await this.#keeping;
  }

  /** @param {() => Promise<void>} work */
  #inOrder(work) { this.#keeping = this.#keeping.then(work).catch((error) => console.error(error)); }

  #tick() {
    const now = performance.now();
    if (this.#secrets.length && Date.now() - this.heardAt > VIEW_GRACE_S * 1000) this.#finish("gone", "grace");
    else if (this.#isConnected) {
      if (this.silentS > PEER_GONE_S) return this.#connection.renew();
      this.#connection.nodes.met();
      this.#proveLife(now, false);
      if (now - this.#keptMs > KEEP_MS) void this.#keep();
    } else if ((this.#secrets.length || this.way.invitation) && (this.#isAloneTooLong(now) || now - this.#begunMs > HANDSHAKE_TIMEOUT_S * 1000)) {
      // The agent is at another node, or nothing tells that this socket leads nowhere any more.
      this.#begunMs = now;
      this.#connection.nodes.goOn();
      this.#connection.renew();
    }
  }

  /** @param {number} now by performance.now() @param {boolean} isWoken */
  #proveLife(now, isWoken) { if (this.#signsOfLife.isDue(now, isWoken)) this.send({ type: "pinged", at_ms: Date.now() }); }

  /** @param {number} now by performance.now() */
  #isAloneTooLong(now) { return this.#connection.isOpen && !this.#isAgentHere && this.#connection.nodes.isTimeToGoOn(now); }

  /** The socket is gone. A code is worth nothing without it; all else comes back. */
  #onLost() {
    this.#begunMs = performance.now();
    this.#isAgentHere = false;
    this.#handshake = undefined;
    if (this.way.code && !this.#secrets.length) this.#finish("refused", "lost");
    else this.#cut();
  }

  /** The agent cannot be heard for the moment. */
  #cut() {
    this.#handshake = undefined;
    if (!this.#isConnected) return;
    this.#isConnected = false;
    if (this.#hasReturnedEmpty) {
      // Nothing has come over this channel: the next return is as empty as the last.
      this.#channel = undefined;
      this.#log = new LogReader();
      this.#media = new MediaOpener();
    }
    this.#begunMs = performance.now();
    this.#emit("state", { state: "away" });
  }

  /** @param {any} message */
  async #onMessage(message) {
    if (!message) return;
    this.lastHeardMs = performance.now();
    this.heardAt = Date.now();
    if (this.#secrets.length > 1 || this.way.kept) await this.#isBack();
    // In a tab that nobody looks at a browser may let timers wait for a minute, but not what arrives.
    if (message.type === "pinged") this.#proveLife(this.lastHeardMs, true);
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
        const note = await this.#log.countersign(message.note, this.#agentKey, this.person.keys, Math.floor(Date.now() / 1000));
        this.#connection.tell({ type: "head_submitted", note });
        this.send({ type: "head_signed", note });
        break;
      }
      case "sent_away":
        this.#emit("message", message);
        return this.#finish("sent_away", message.by);
      case "ended":
        this.close();
        break;
    }
    this.#emit("message", message);
  }

  /** A record under the new keys has verified: the secret before is of no use any more. */
  async #isBack() {
    this.way = {};
    this.#hasReturnedEmpty = false;
    this.#secrets = this.#secrets.slice(0, 1);
    this.#connection.settled();
    await this.#keep();
    this.#emit("state", { state: "back" });
  }

  /** @param {Promise<Uint8Array>} record */
  #post(record) {
    this.#outgoing = this.#outgoing.then(async () => this.#connection.send(wrap(Kind.CONTROL, await record)));
  }

  /** @param {string} state @param {string} [reason] */
  #finish(state, reason = "") {
    if (this.#isOver) return;
    this.close();
    this.#emit("state", { state, reason });
  }

  /** @param {string} name @param {unknown} detail */
  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
