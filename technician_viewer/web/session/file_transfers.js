/** Files that go to the customer and come from there: what is said of them, and what has arrived (PROTOCOL.md, section 16). No DOM. */
import { concat, fromBase64, toBase64 } from "../core/bytes.js";
import { FilePace } from "../core/file_pace.js";
import { FILE_BYTES_MAX, FILE_NAME_CHARACTERS_MAX } from "../core/limits.js";

/**
 * `outcome` is empty while it goes on; `what` is what a file was asked for with; `arrived` is all of it, once it is here and is what left.
 *
 * @typedef {{ number: number, direction: "to_customer" | "from_customer", name: string, what: string, size: number, moved: number, outcome: string,
 *   arrived?: Blob }} Transfer
 */

/** @param {Uint8Array<ArrayBuffer>} data */
const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

export class FileTransfers {
  /** @type {Transfer[]} the newest first */
  all = [];
  /** What goes to the customer, and how. @type {{ transfer: Transfer, data: Uint8Array<ArrayBuffer>, pace: FilePace } | undefined} */
  #going;
  /** What comes. @type {{ transfer: Transfer, parts: Uint8Array[] } | undefined} */
  #coming;
  #lastNumber = 0;

  /** @param {{ send: (message: any) => void, nowS: () => number, onChanged: () => void }} session */
  constructor(session) { this.session = session; }

  /** Whether something goes on in this direction. @param {string} direction */
  isBusy(direction) { return (direction === "to_customer" ? this.#going : this.#coming) !== undefined; }

  /** Send a file to the customer. @param {File} file */
  async offer(file) {
    if (this.isBusy("to_customer")) return;
    const transfer = this.#begin({ direction: "to_customer", name: file.name, what: "", size: file.size });
    if (file.size > FILE_BYTES_MAX) return this.#over(transfer, "too_large");
    const going = { transfer, data: new Uint8Array(), pace: new FilePace() };
    this.#going = going;
    this.session.onChanged();
    try {
      going.data = new Uint8Array(await file.arrayBuffer());
    } catch {
      return this.#over(transfer, "unreadable");
    }
    if (transfer.outcome) return;
    transfer.size = going.data.length;
    const name = [...file.name].slice(0, FILE_NAME_CHARACTERS_MAX).join("").toWellFormed() || "file";
    this.#say({ type: "file_offered", transfer: transfer.number, name, bytes: transfer.size });
  }

  /** Ask for a file. @param {string} what as the customer reads it */
  ask(what) {
    if (this.isBusy("from_customer")) return;
    const transfer = this.#begin({ direction: "from_customer", name: "", what, size: 0 });
    this.#coming = { transfer, parts: [] };
    this.#say({ type: "file_asked", transfer: transfer.number, what });
    this.session.onChanged();
  }

  /** @param {Transfer} transfer */
  cancel(transfer) {
    if (transfer.outcome) return;
    this.#say({ type: "file_closed", transfer: transfer.number, outcome: "cancelled" });
    this.#over(transfer, "cancelled");
  }

  /** Put away what is over. @param {Transfer} transfer */
  forget(transfer) {
    this.all = this.all.filter((each) => each !== transfer || !each.outcome);
    this.session.onChanged();
  }

  /** What the agent says. @param {any} message @returns {Promise<void>} */
  async take(message) {
    const going = this.#going?.transfer.number === message.transfer ? this.#going : undefined;
    const coming = this.#coming?.transfer.number === message.transfer ? this.#coming : undefined;
    if (message.type === "file_received" && going) await this.#goOn(going, message.bytes);
    else if (message.type === "file_chosen" && coming) this.#chosen(coming.transfer, message);
    else if (message.type === "file_part" && coming) this.#part(coming, message);
    else if (message.type === "file_completed" && coming) await this.#complete(coming, message.hash);
    else if (message.type === "file_closed" && (going ?? coming)) this.#over(/** @type {any} */ (going ?? coming).transfer, message.outcome);
  }

  /** Connected again over another path. */
  back() { this.#going?.pace.beginAnew(this.session.nowS()); }

  /** The session is over: what is not here by now will not come. */
  over() { for (const each of this.all) if (!each.outcome) this.#over(each, "interrupted"); }

  /** @param {Pick<Transfer, "direction" | "name" | "what" | "size">} told @returns {Transfer} */
  #begin(told) {
    // Not one that this tab had used before it was loaded again.
    this.#lastNumber = Math.max(this.#lastNumber + 1, Date.now());
    /** @type {Transfer} */
    const transfer = { ...told, number: this.#lastNumber, moved: 0, outcome: "" };
    this.all.unshift(transfer);
    return transfer;
  }

  /** @param {{ transfer: Transfer, data: Uint8Array<ArrayBuffer>, pace: FilePace }} going @param {number} received */
  async #goOn(going, received) {
    const { transfer, data, pace } = going;
    // The first 0 says that it may begin.
    if (received > 0 && !pace.acknowledge(received, this.session.nowS())) return this.#fail(transfer);
    if (received === 0 && pace.sent > 0) return this.#fail(transfer);
    const isDone = pace.sent === data.length;
    for (let count = pace.nextBytes; count && pace.sent < data.length; count = pace.nextBytes) {
      const part = data.subarray(pace.sent, pace.sent + count);
      this.#say({ type: "file_part", transfer: transfer.number, offset: pace.sent, data: toBase64(part) });
      pace.send(part.length, this.session.nowS());
    }
    transfer.moved = received;
    this.session.onChanged();
    if (pace.sent < data.length || (isDone && data.length)) return;
    const hash = toBase64(await sha256(data));
    if (!transfer.outcome) this.#say({ type: "file_completed", transfer: transfer.number, hash });
  }

  /** @param {Transfer} transfer @param {{ name: string, bytes: number }} told */
  #chosen(transfer, { name, bytes }) {
    if (transfer.name) return this.#fail(transfer);
    Object.assign(transfer, { name, size: bytes });
    this.#say({ type: "file_received", transfer: transfer.number, bytes: 0 });
    this.session.onChanged();
  }

  /** @param {{ transfer: Transfer, parts: Uint8Array[] }} coming @param {{ offset: number, data: string }} part */
  #part({ transfer, parts }, { offset, data }) {
    const bytes = fromBase64(data);
    if (offset !== transfer.moved || offset + bytes.length > transfer.size) return this.#fail(transfer);
    parts.push(bytes);
    transfer.moved += bytes.length;
    this.#say({ type: "file_received", transfer: transfer.number, bytes: transfer.moved });
    this.session.onChanged();
  }

  /** @param {{ transfer: Transfer, parts: Uint8Array[] }} coming @param {string} hash */
  async #complete({ transfer, parts }, hash) {
    const data = concat(...parts);
    if (!transfer.name || data.length !== transfer.size || toBase64(await sha256(data)) !== hash) return this.#fail(transfer);
    if (transfer.outcome) return;
    // Never something that a browser would show: it is saved, and nothing else.
    transfer.arrived = new Blob([data], { type: "application/octet-stream" });
    this.#say({ type: "file_closed", transfer: transfer.number, outcome: "moved" });
    this.#over(transfer, "moved");
  }

  /** @param {Transfer} transfer */
  #fail(transfer) {
    this.#say({ type: "file_closed", transfer: transfer.number, outcome: "altered" });
    this.#over(transfer, "altered");
  }

  /** @param {Transfer} transfer @param {string} outcome */
  #over(transfer, outcome) {
    transfer.outcome = outcome;
    if (this.#going?.transfer === transfer) this.#going = undefined;
    if (this.#coming?.transfer === transfer) this.#coming = undefined;
    this.session.onChanged();
  }

  /** @param {any} message */
  #say(message) { this.session.send(message); }
}
