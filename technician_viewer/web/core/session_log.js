/** Following the session log and signing its heads (PROTOCOL.md, section 9); protocol/session_log.py and signed_note.py. */
import { concat, fromBase64, textOf, toBase64, utf8 } from "./bytes.js";
import { bytes, count, decode, encode, flag, integer, listOf, oneOf, text } from "./codec.js";
import { LogTampered, RemoteProtocolError } from "./errors.js";
import { ENTRIES_MAX, ENTRY_BYTES_MAX, SCREEN_SIDE_PX_MAX, SCREENS_MAX, SEGMENT_BYTES_MAX } from "./limits.js";
import { answer, bottleneck, capability, direction, fileOutcome, hold, key, line, lines, outcome, role } from "./messages.js";
import { COSIGNATURE, cosigned, cosignedAt, keyId, parseNote, signatureLine } from "./signed_note.js";

/** @param {string} text @returns {Promise<string>} base64 of SHA-256 */
const hashOf = async (text) => toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));

const epoch = integer(1, 2 ** 32 - 1);
const side = integer(1, SCREEN_SIDE_PX_MAX);

/** A screen of the customer's. @param {any} value */
function screenSize(value) {
  if (typeof value !== "object" || value === null) return false;
  const { width_px: width, height_px: height, ...rest } = value;
  return side(width) && side(height) && Object.keys(rest).length === 0;
}

/** What an entry can tell; a technician signs nothing else. */
const EVENTS = {
  opened: {
    session: text(32, /^[0-9a-f]{32}$/), ticket: line, subject: line, reason: lines, organisation: line, document: key, certificate: key,
    technician: line, participant: line, agent_key: key, joining_key: key, agent_version: line, system: line, root_known_by: line,
  },
  joined: { participant: line, name: line, role, certificate: key, key, reason: lines },
  left: { participant: line, by: oneOf(["technician", "customer", "network", "time", "organisation"]) },
  handed_over: { participant: line, to: line },
  cut: { participant: line, silent_ms: count },
  resumed: { participant: line, after_ms: count },
  asked: { participant: line, capability, reason: lines, words: text(6000), language: line },
  answered: { question: count, answer, capabilities: listOf(capability, 8), until_ms: count, took_ms: count },
  access_ended: { participant: line, capability, by: oneOf(["customer", "technician", "time", "grace", "storage", "passed", "recording"]) },
  held: { hold },
  continued: { hold },
  input_counted: { participant: line, clicks: count, keys: count, characters: count },
  key_sealed: { commitment: key, seals: key },
  epoch_began: { epoch, first: count, commitment: key, wrapped: bytes(48) },
  segment_closed: {
    segment: count, epoch, is_key: flag, first: count, next: count, records: count, bytes: integer(1, SEGMENT_BYTES_MAX), began_ms: count,
    ended_ms: count, hash: key,
  },
  segment_lost: { segment: count, why: oneOf(["storage", "network"]) },
  recording_paused: {},
  recording_continued: {},
  noted: { participant: line, revises: count, shown_ms: count, content: key },
  titled: { since_ms: count, content: key },
  said: { participant: line, content: bytes(32) },
  file_transferred: { participant: line, direction, began_ms: count, bytes: count, moved: count, outcome: fileOutcome, content: bytes(32) },
  clipboard_moved: { participant: line, direction, characters: count, content: bytes(32) },
  path_changed: { bottleneck, round_trip_ms: count, rate_kbit: count },
  device_described: {
    make: line, model: line, system: line, desktop: line, windowing: oneOf(["x11", "wayland", ""]), processor: line, cores: count,
    memory_bytes: count, disk_bytes: count, disk_free_bytes: count, screens: listOf(screenSize, SCREENS_MAX),
  },
  ended: { outcome, by: oneOf(["customer", "technician", "network", "agent"]), view_ms: count, control_ms: count },
};
const ENTRY = { entry: { number: integer(0, ENTRIES_MAX - 1), previous: key, at_ms: count, event: () => true } };

/** @param {string} written @returns {any} @throws {RemoteProtocolError} not an entry as the agent writes it */
function parseEntry(written) {
  if (utf8(written).length > ENTRY_BYTES_MAX) throw new RemoteProtocolError("an entry that is too long");
  let entry;
  try {
    entry = JSON.parse(written);
    if (textOf(encode(entry)) !== written) throw new Error("not canonical");
  } catch {
    throw new RemoteProtocolError("a malformed entry");
  }
  if (typeof entry !== "object" || entry === null || Object.hasOwn(entry, "type")) throw new RemoteProtocolError("not an entry");
  decode(encode({ ...entry, type: "entry" }), ENTRY, 2 * ENTRY_BYTES_MAX);
  decode(encode(entry.event), EVENTS, ENTRY_BYTES_MAX);
  return entry;
}

export class LogReader {
  /** @type {string[]} the hash after each entry */
  #hashes = [];
  /** @type {string | undefined} */
  session;
  #mayDescribe = false;
  #isDescribed = false;

  /** How many entries are here, and the hash of the last one: from where the agent goes on after a cut. */
  get position() {
    const last = this.#hashes.at(-1);
    return { entries: this.#hashes.length, lastHash: last ? fromBase64(last) : new Uint8Array(32) };
  }

  /** @param {string} written @returns {Promise<any>} the next entry @throws {LogTampered} it does not continue the chain @throws {RemoteProtocolError} not an entry */
  async add(written) {
    const entry = parseEntry(written);
    const previous = this.#hashes.at(-1) ?? toBase64(new Uint8Array(32));
    const isFirst = this.#hashes.length === 0;
    if (entry.number !== this.#hashes.length || entry.previous !== previous || entry.number >= ENTRIES_MAX) {
      throw new LogTampered(`an entry that does not continue entry ${this.#hashes.length - 1}`);
    }
    if ((entry.event?.type === "opened") !== isFirst) throw new LogTampered("the first entry, and only the first, opens the session");
    this.#follow(entry);
    this.#hashes.push(await hashOf(written));
    if (isFirst) this.session = entry.event.session;
    return entry;
  }

  /** @param {any} entry @throws {LogTampered} it may not stand there */
  #follow({ number, event }) {
    if (event.type === "answered") this.#mayDescribe ||= event.capabilities.includes("view");
    if (event.type !== "device_described") return;
    if (!this.#mayDescribe || this.#isDescribed) throw new LogTampered(`entry ${number} describes the computer unseen, or once more`);
    this.#isDescribed = true;
  }

  /**
   * Add the technician's cosignature to a head that the agent signed and that agrees with what was received.
   *
   * @param {string} note @param {Uint8Array<ArrayBuffer>} agentKey @param {CryptoKeyPair} keys @param {number} atS UTC seconds
   * @returns {Promise<string>}
   * @throws {LogTampered} it speaks of other entries, or the agent did not sign it
   */
  async countersign(note, agentKey, keys, atS) {
    const read = this.#read(note);
    if ((await cosignedAt(read, "agent", agentKey)) === undefined) throw new LogTampered("a head that the agent did not sign");
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, cosigned(read.text, atS)));
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, BigInt(atS));
    return note + signatureLine("technician", await keyId("technician", raw, COSIGNATURE), concat(time, signature));
  }

  /**
   * Whether agent and technician have both signed this head.
   *
   * @param {string} note @param {Uint8Array<ArrayBuffer>} agentKey @param {Uint8Array<ArrayBuffer>} technicianKey
   * @returns {Promise<boolean>} @throws {LogTampered} it speaks of other entries
   */
  async isSignedByBoth(note, agentKey, technicianKey) {
    const read = this.#read(note);
    const times = [await cosignedAt(read, "agent", agentKey), await cosignedAt(read, "technician", technicianKey)];
    return !times.includes(undefined);
  }

  /** How many of the entries a head speaks of. @param {string} written @throws {LogTampered} it speaks of others */
  sizeOf(written) { return Number(this.#read(written).text.split("\n")[1]); }

  /** @param {string} written @returns {import("./signed_note.js").Note} @throws {LogTampered} it speaks of other entries */
  #read(written) {
    const note = parseNote(written);
    const size = Number(note.text.split("\n")[1]);
    if (note.text !== `mainforte/session/${this.session}\n${size}\n${this.#hashes[size - 1]}\n`) throw new LogTampered(`a head of ${size} entries that contradicts them`);
    return note;
  }
}
