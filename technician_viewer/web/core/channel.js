/** Control records (PROTOCOL.md, section 5): the viewer's end; protocol/channel.py. Calls must not overlap: seal and open each in turn. */
import { encode } from "./codec.js";
import { LocalProtocolError, NotAuthentic, RemoteProtocolError } from "./errors.js";
import { CONTROL_MESSAGE_BYTES_MAX, CONTROL_PADDING_BYTES, RESEND_BUFFER_BYTES_MAX } from "./limits.js";
import { decodeFromAgent, ONCE } from "./messages.js";

const HEADER_BYTES = 20;
const RECORD_BYTES_MAX = CONTROL_MESSAGE_BYTES_MAX + HEADER_BYTES + CONTROL_PADDING_BYTES + 16;

/** @param {number} counter @returns {Uint8Array<ArrayBuffer>} */
function nonce(counter) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(counter));
  return iv;
}

export class ControlChannel {
  #sealed = 0;
  #opened = 0;
  #reliableSent = 0;
  #reliableReceived = 0;
  #acknowledged = 0;
  /** @type {{ number: number, content: Uint8Array }[]} */
  #unacknowledged = [];
  #unacknowledgedBytes = 0;

  /** @param {{ viewerToAgent: CryptoKey, agentToViewer: CryptoKey }} secrets */
  constructor(secrets) {
    this.sealKey = secrets.viewerToAgent;
    this.openKey = secrets.agentToViewer;
  }

  /** @param {{ type: string, [field: string]: unknown }} message @returns {Promise<Uint8Array<ArrayBuffer>>} the record that carries it */
  seal(message) {
    const content = encode(message);
    if (content.length > CONTROL_MESSAGE_BYTES_MAX) throw new LocalProtocolError(`a control message of ${content.length} bytes`);
    return this.#seal(content, ONCE.has(message.type) ? 0 : this.#keep(content));
  }

  /** The highest reliable number received so far: after a cut the other side goes on behind it. */
  get received() { return this.#reliableReceived; }

  /**
   * Take new keys after a cut. What the agent has not received is still to be said: `again` seals it.
   *
   * @param {{ viewerToAgent: CryptoKey, agentToViewer: CryptoKey }} secrets fresh from a resume
   * @param {number} acknowledged the agent's `received`, as the resume authenticated it
   */
  renew(secrets, acknowledged) {
    if (acknowledged < this.#acknowledged) throw new RemoteProtocolError(`message ${acknowledged} acknowledged after ${this.#acknowledged}`);
    this.#forget(acknowledged);
    this.sealKey = secrets.viewerToAgent;
    this.openKey = secrets.agentToViewer;
    this.#sealed = this.#opened = 0;
  }

  /** The records that carry, in order, all that has not been acknowledged. @returns {Promise<Uint8Array<ArrayBuffer>>[]} */
  again() { return this.#unacknowledged.map(({ number, content }) => this.#seal(content, number)); }

  /** Keep a message for `again`, while there is no connection; input is lost, as on the way. @param {{ type: string }} message */
  sayLater(message) { if (!ONCE.has(message.type)) this.#keep(encode(message)); }

  /** @param {Uint8Array} content @param {number} reliable @returns {Promise<Uint8Array<ArrayBuffer>>} */
  #seal(content, reliable) {
    const plain = new Uint8Array(Math.ceil((HEADER_BYTES + content.length) / CONTROL_PADDING_BYTES) * CONTROL_PADDING_BYTES);
    const view = new DataView(plain.buffer);
    view.setUint32(0, content.length);
    view.setBigUint64(4, BigInt(reliable));
    view.setBigUint64(12, BigInt(this.#reliableReceived));
    plain.set(content, HEADER_BYTES);
    const iv = nonce(this.#sealed);
    this.#sealed += 1;
    return crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.sealKey, plain).then((record) => new Uint8Array(record));
  }

  /** @param {Uint8Array<ArrayBuffer>} record @returns {Promise<any>} the message in the next record */
  async open(record) {
    if (record.length > RECORD_BYTES_MAX) throw new RemoteProtocolError(`a control record of ${record.length} bytes`);
    const iv = nonce(this.#opened);
    this.#opened += 1;
    let plain;
    try {
      plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.openKey, record));
    } catch {
      throw new NotAuthentic("a control record does not verify");
    }
    return this.#read(plain);
  }

  /** @param {Uint8Array<ArrayBuffer>} plain */
  #read(plain) {
    if (plain.length < HEADER_BYTES || plain.length % CONTROL_PADDING_BYTES) throw new RemoteProtocolError("a malformed control record");
    const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
    const end = HEADER_BYTES + view.getUint32(0);
    if (end > plain.length || plain.length - end >= CONTROL_PADDING_BYTES || plain.subarray(end).some((byte) => byte !== 0)) {
      throw new RemoteProtocolError("a control record whose length and padding do not match");
    }
    const message = decodeFromAgent(plain.subarray(HEADER_BYTES, end));
    const reliable = Number(view.getBigUint64(4));
    if (reliable !== (ONCE.has(message.type) ? 0 : this.#reliableReceived + 1)) throw new RemoteProtocolError(`reliable message ${reliable}`);
    this.#reliableReceived = reliable || this.#reliableReceived;
    this.#forget(Number(view.getBigUint64(12)));
    return message;
  }

  /** @param {Uint8Array} content @returns {number} its reliable number */
  #keep(content) {
    this.#reliableSent += 1;
    this.#unacknowledged.push({ number: this.#reliableSent, content });
    this.#unacknowledgedBytes += content.length;
    if (this.#unacknowledgedBytes > RESEND_BUFFER_BYTES_MAX) throw new LocalProtocolError("the other side has stopped acknowledging");
    return this.#reliableSent;
  }

  /** @param {number} acknowledged */
  #forget(acknowledged) {
    if (acknowledged > this.#reliableSent) throw new RemoteProtocolError("acknowledged what was not sent");
    this.#acknowledged = Math.max(acknowledged, this.#acknowledged);
    while (this.#unacknowledged[0] && this.#unacknowledged[0].number <= acknowledged) {
      this.#unacknowledgedBytes -= this.#unacknowledged.shift()?.content.length ?? 0;
    }
  }
}

