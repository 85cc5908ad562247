/** The page's connection to the relay: one WebSocket at a time, opened again after a cut for as long as somebody wants it. */
import { utf8 } from "../core/bytes.js";
import { encodeText } from "../core/codec.js";
import { SUBPROTOCOL, unwrap, wrapRelay } from "../core/envelope.js";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 800;
const LONGER_BY = 1.5;
const OPEN_WITHIN_MS = 4000;

/** @typedef {{ envelope: any, prepared: any, atMs: number }} Arrived `atMs` by performance.now() */

export class Connection {
  /** @type {WebSocket | undefined} */
  #socket;
  #pauseMs = 0;
  #incoming = Promise.resolve();
  /** @type {number | undefined} */
  #retry;
  #isWanted = true;

  /**
   * @param {import("../core/nodes.js").Nodes} nodes where the relay may be found, as addresses of its sockets
   * @param {{ first: () => Promise<object>, prepare: (envelope: any) => any, onEnvelope: (arrived: Arrived) => Promise<void>, onLost: () => void,
   *   onError: (error: unknown) => void }} owner
   *   `first` gives what to tell the relay first on each new socket; envelopes are handled one after the other, and each is given to `prepare`
   *   as soon as it is there
   */
  constructor(nodes, owner) {
    this.nodes = nodes;
    this.owner = owner;
  }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  /** Whether what was sent still waits in this browser: the way out is full. */
  get isBusy() { return (this.#socket?.bufferedAmount ?? 0) > 0; }

  open() {
    const socket = new WebSocket(this.nodes.here, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let isOpened = false;
    const tooLong = setTimeout(() => socket.close(), OPEN_WITHIN_MS);
    socket.onopen = async () => {
      clearTimeout(tooLong);
      isOpened = true;
      const first = await this.owner.first();
      if (socket === this.#socket) this.tell(first);
    };
    socket.onmessage = ({ data }) => this.#take(socket, data);
    socket.onclose = () => {
      clearTimeout(tooLong);
      if (!isOpened && socket === this.#socket) this.nodes.goOn();
      // What had arrived before is still read.
      this.#incoming = this.#incoming.then(() => { if (socket === this.#socket) this.#lose(); });
    };
  }

  /** Whether a cut happened or not, begin with a new socket now. */
  renew() {
    this.#drop();
    this.#lose();
  }

  /** All is well: the next cut is met with a try at once. */
  settled() { this.#pauseMs = 0; }

  /** @param {Uint8Array<ArrayBuffer>} data */
  send(data) { if (this.isOpen) this.#socket?.send(data); }

  /** Say something to the relay itself. @param {object} message */
  tell(message) { this.send(wrapRelay(utf8(encodeText(message)))); }

  close() {
    this.#isWanted = false;
    clearTimeout(this.#retry);
    this.#drop();
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #lose() {
    this.#socket = undefined;
    this.nodes.cut();
    if (!this.#isWanted) return;
    this.owner.onLost();
    // Many come back at once after a restart: not all in the same moment.
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => { if (this.#isWanted) this.open(); }, this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(LONGER_BY * this.#pauseMs || FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  }

  /** @param {WebSocket} socket @param {unknown} data */
  #take(socket, data) {
    const arrived = this.#read(data);
    this.#incoming = this.#incoming.then(() => {
      if (socket !== this.#socket) return undefined;
      if (arrived instanceof Error) throw arrived;
      return this.owner.onEnvelope(arrived);
    }).catch((error) => this.owner.onError(error));
  }

  /** @param {unknown} data @returns {Arrived | Error} */
  #read(data) {
    const atMs = performance.now();
    try {
      if (!(data instanceof ArrayBuffer)) throw new Error("a text message");
      const envelope = unwrap(new Uint8Array(data));
      return { envelope, prepared: this.owner.prepare(envelope), atMs };
    } catch (error) {
      return /** @type {Error} */ (error);
    }
  }
}
