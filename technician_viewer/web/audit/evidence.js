/** All evidence of one session, checked on the auditor's machine: nothing the server says about it is believed (PROTOCOL.md, 9, 13, 14). */
import { fromBase64, fromBase64Url, toBase64, utf8 } from "../core/bytes.js";
import { LogTampered } from "../core/errors.js";
import { signResealing, verifyRecords } from "../core/handling.js";
import { readDocument, textHash, verifyCertificate, verifyDocument } from "../core/identity.js";
import { CLOCK_SKEW_S_MAX } from "../core/limits.js";
import { trustIn, verifyLoggedByAny } from "../core/log_of_sessions.js";
import { recordingOf } from "../core/recording.js";
import { lines } from "../core/messages.js";
import { openRecordingKey, readSeals, RecordingKey, sealFor, sha256 } from "../core/recording_keys.js";
import { LogReader } from "../core/session_log.js";
import { cosignedAt, parseNote } from "../core/signed_note.js";

/**
 * @typedef {{ entries: string[], heads: string[], certificate: string, certificates: string[], document: string }} LogFile
 * @typedef {{ log: LogFile, beside: Record<string, string>, segments: number[] }} Told what the server keeps, sealed things as base64
 * @typedef {{ leaves: import("../core/log_of_sessions.js").Logged[], records: string[], documents: string[], hold: import("./handling_view.js").Hold }} LoggedTold
 * @typedef {{ number: number, at_ms: number, event: any }} Entry
 */

/** Beside which entries something lies that the recording key opens. */
const HAS_CONTENT = ["noted", "titled", "said", "file_transferred", "clipboard_moved"];

export class Evidence {
  /** What is missing, in words of a fixed list, each with the entry that it concerns where there is one. @type {{ what: string, entry?: number }[]} */
  missing = [];
  /** @type {Map<number, { text: string, participant: string, shownMs: number, entry: number }[]>} notes by the entry of their first version */
  notes = new Map();
  /** In which windows the customer worked, from when on; empty: in none. @type {{ title: string, atMs: number, entry: number }[]} */
  titles = [];
  /** What was said in the chat, by its entry; nothing where it was not recorded. @type {Map<number, string>} */
  said = new Map();
  /** What the files are called that were moved, by the entry; the hash is SHA-256 in hex, empty where not all of it was. @type {Map<number, { name: string, sha256: string }>} */
  files = new Map();
  /** How what went over the clipboard begins, by its entry, where it was recorded. @type {Map<number, string>} */
  clipboard = new Map();
  /** The recording's deletion, and whether its time was over then. @type {{ deletion: import("../core/handling.js").Deletion, isByRule: boolean } | undefined} */
  deleted;
  /** To whom the recording was passed on. @type {import("../core/handling.js").Resealed[]} */
  resealed = [];

  /** @param {Entry[]} entries @param {any} document @param {Told} told */
  constructor(entries, document, told) {
    this.entries = entries;
    this.document = document;
    this.told = told;
    this.opened = /** @type {Entry} */ (entries[0]).event;
    this.recording = recordingOf(entries);
    const kept = new Set(told.segments);
    for (const segment of this.recording.segments) if (!kept.delete(segment.segment)) this.missing.push({ what: "segment", entry: segment.segment });
    for (const stranger of kept) throw new LogTampered(`segment ${stranger}, of which the log does not speak`);
  }

  /**
   * Check everything but the recording's segments, which are checked as they are played.
   *
   * @param {Told} told @param {LoggedTold} logged @param {string} fingerprint of the organisation's root, as this machine was told it
   * @returns {Promise<Evidence>} @throws {LogTampered} something was altered: the entry is named @throws {import("../core/errors.js").ProtocolError}
   */
  static async read(told, logged, fingerprint) {
    const reader = new LogReader(), entries = [];
    for (const written of told.log.entries) entries.push(await reader.add(written));
    const first = entries[0];
    if (!first) throw new LogTampered("a log without entries");
    const at = Math.floor(first.at_ms / 1000), opened = first.event;
    if (entries.slice(0, -1).some((entry) => entry.event.type === "ended")) throw new LogTampered("entries after the session's end");
    const document = await verifyDocument(told.log.document, fromBase64Url(fingerprint + "="), at);
    if ((await textHash(told.log.document)) !== opened.document) throw new LogTampered("entry 0 names another organisation's document");
    const evidence = new Evidence(entries, document, told);
    const keys = await evidence.#certificates();
    await evidence.#heads(reader, keys);
    const vouching = await evidence.#vouching(logged.documents, fingerprint);
    await evidence.#records(logged.records, await evidence.#logged(logged, vouching, fingerprint), vouching);
    for (const entry of entries) await evidence.#holdBeside(entry);
    evidence.#explainDeletion();
    return evidence;
  }

  /** The end of the session, where the log tells of it. */
  get ended() {
    const last = /** @type {Entry} */ (this.entries.at(-1));
    return last.event.type === "ended" ? last : undefined;
  }

  /** @returns {Promise<{ since: number, key: import("../core/bytes.js").Bytes }[]>} the technicians' keys, with the entry that brought each */
  async #certificates() {
    /** @type {Map<string, string>} */
    const texts = new Map();
    for (const each of [this.told.log.certificate, ...this.told.log.certificates]) texts.set(await textHash(each), each);
    const keys = [];
    for (const { number, at_ms: atMs, event } of this.entries.filter(({ event: { type } }) => type === "opened" || type === "joined")) {
      const written = texts.get(event.certificate);
      if (written === undefined) {
        if (event.type === "opened") throw new LogTampered("entry 0 names another certificate");
        this.missing.push({ what: "certificate", entry: number });
        keys.push({ since: number, key: fromBase64(event.key) });
        continue;
      }
      const certificate = await verifyCertificate(written, this.document, Math.floor(atMs / 1000));
      const isSame = certificate.session === this.opened.session && certificate.ticket === this.opened.ticket && certificate.serial === event.participant &&
        certificate.name === (event.technician ?? event.name) && certificate.role === (event.role ?? certificate.role) && certificate.key === (event.key ?? certificate.key);
      if (!isSame) throw new LogTampered(`entry ${number} tells something else than the certificate`);
      keys.push({ since: number, key: fromBase64(certificate.key) });
    }
    return keys;
  }

  /** @param {LogReader} reader @param {{ since: number, key: import("../core/bytes.js").Bytes }[]} keys */
  async #heads(reader, keys) {
    let both = 0;
    for (const written of this.told.log.heads) {
      const size = reader.sizeOf(written), note = parseNote(written);
      if ((await cosignedAt(note, "agent", fromBase64(this.opened.agent_key))) === undefined) throw new LogTampered(`the head of ${size} entries is not the agent's`);
      if (!note.lines.some(({ name }) => name === "technician")) continue;
      const times = await Promise.all(keys.filter(({ since }) => since < size).map(({ key }) => cosignedAt(note, "technician", key)));
      if (times.every((time) => time === undefined)) throw new LogTampered(`the head of ${size} entries is signed by somebody who did not take part`);
      both = Math.max(both, size);
    }
    if (both < this.entries.length) this.missing.push({ what: "signatures", entry: both });
    if (!this.ended) this.missing.push({ what: "end" });
  }

  /**
   * The log's document, and later ones of the same root: each names keys by which more may have been signed since.
   *
   * @param {string[]} later @param {string} fingerprint @returns {Promise<any[]>} @throws {LogTampered} one is earlier
   */
  async #vouching(later, fingerprint) {
    const documents = [this.document];
    for (const written of later) {
      const document = await readDocument(written, fromBase64Url(fingerprint + "="));
      if (document.number <= documents.at(-1).number) throw new LogTampered(`document ${document.number} of the organisation’s is not a later one`);
      documents.push(document);
    }
    return documents;
  }

  /** @param {LoggedTold} told @param {any[]} vouching @param {string} fingerprint @returns {Promise<any[]>} the leaves, all proven */
  async #logged(told, vouching, fingerprint) {
    const trusts = vouching.map((document) => trustIn(document, fingerprint)), leaves = [];
    for (const each of told.leaves) leaves.push((await verifyLoggedByAny(each, trusts)).leaf);
    const opened = leaves.find(({ type }) => type === "session_opened"), closed = leaves.find(({ type }) => type === "session_closed");
    const { session, certificate, agent_key: agentKey, document } = this.opened;
    if (opened && (opened.session !== session || opened.certificate !== certificate || opened.agent_key !== agentKey || opened.document !== document)) {
      throw new LogTampered("the log of all sessions tells of another session");
    }
    const last = toBase64(await sha256(utf8(this.told.log.entries.at(-1) ?? "")));
    if (closed && (closed.session !== session || closed.entries !== this.entries.length || closed.last_hash !== last)) throw new LogTampered("the log of all sessions tells of another end");
    const joined = new Set(leaves.filter(({ type }) => type === "session_joined").map(({ certificate: named }) => named));
    for (const { number, event } of this.entries) if (event.type === "joined" && !joined.has(event.certificate)) this.missing.push({ what: "joining", entry: number });
    if (!opened) this.missing.push({ what: "opening" });
    if (!closed) this.missing.push({ what: "closing" });
    return leaves;
  }

  /** What was done with the evidence later: by who may do that, and known to the log of all sessions. @param {string[]} records @param {any[]} leaves @param {any[]} vouching */
  async #records(records, leaves, vouching) {
    const known = new Set(leaves.filter(({ type }) => type === "handled").map(({ content }) => content));
    for (const record of records) {
      if (!known.has(await textHash(record))) throw new LogTampered("a record of which the log of all sessions does not know");
    }
    const { deletions, resealed } = await verifyRecords(records, this.opened.session, this.document, vouching.flatMap(({ log_keys: keys }) => keys));
    this.resealed = resealed;
    const deletion = deletions.find(({ what }) => what === "recording");
    if (!deletion) return;
    const dueAt = Math.floor(/** @type {Entry} */ (this.entries.at(-1)).at_ms / 1000) + this.document.recording_days * 86400;
    this.deleted = { deletion, isByRule: deletion.at >= dueAt - CLOCK_SKEW_S_MAX && deletion.at <= Date.now() / 1000 + CLOCK_SKEW_S_MAX };
  }

  /** A recording that was deleted is not missing piece by piece; nor at all where its time was over. */
  #explainDeletion() {
    const isOfRecording = ({ what = "" }) => what === "segment" || what === "beside";
    if (!this.deleted || !this.missing.some(isOfRecording)) return;
    this.missing = this.missing.filter((each) => !isOfRecording(each));
    if (!this.deleted.isByRule) this.missing.push({ what: "recording" });
  }

  /**
   * Open what only an auditor can: the recording key, the notes, what was said, what went over the clipboard and the titles of windows.
   *
   * @param {CryptoKeyPair} keys of the auditor @returns {Promise<RecordingKey | undefined>} nothing where nothing was recorded, or it was deleted
   * @throws {import("../core/errors.js").ProtocolError} not for this key, or altered
   */
  async openWith(keys) {
    const raw = await this.#recordingKey(keys);
    if (!raw) return undefined;
    const key = await RecordingKey.from(this.opened.session, raw);
    this.notes.clear();
    this.files.clear();
    this.titles = [];
    this.said.clear();
    this.clipboard.clear();
    this.missing = this.missing.filter(({ what }) => what !== "content");
    for (const { number, event } of this.entries) {
      if (!HAS_CONTENT.includes(event.type) || !event.content) continue;
      const content = this.#beside(event.content);
      if (!content) continue;
      const said = read(await key.openContent(content));
      if (!said) this.missing.push({ what: "content", entry: number });
      else if (event.type === "noted") this.#note(number, event, said);
      else if (event.type === "said") this.said.set(number, said.text ?? "");
      else if (event.type === "file_transferred") this.files.set(number, { name: said.name ?? "", sha256: said.sha256 ?? "" });
      else if (event.type === "clipboard_moved") this.clipboard.set(number, said.text ?? "");
      else this.titles.push({ title: said.title ?? "", atMs: event.since_ms, entry: number });
    }
    return key;
  }

  /**
   * Pass the recording on: its key, sealed to another auditor, in a record that says who did it and why.
   *
   * @param {import("./key_file.js").OpenedKey} mine @param {import("../core/handling.js").Auditor} to
   * @param {string} document hash of the organisation's document that names them, base64 @param {string} reason
   * @returns {Promise<string | undefined>} the record; nothing where nothing was recorded, or it was deleted
   * @throws {import("../core/errors.js").ProtocolError} not for this key, or altered
   */
  async passOn(mine, to, document, reason) {
    const raw = await this.#recordingKey(mine.keys);
    if (!raw) return undefined;
    const { sealed } = await sealFor(this.opened.session, raw, fromBase64(to.hpke_key));
    const at = Math.floor(Date.now() / 1000);
    return signResealing({ session: this.opened.session, auditor: to, document, sealed, reason, at }, mine.auditor.signing_key, mine.signingKey);
  }

  /** Whether an auditor can open the recording already. @param {import("../core/handling.js").Auditor} auditor */
  async isSealedTo(auditor) {
    const id = toBase64(await sha256(fromBase64(auditor.hpke_key)));
    return (await this.#seals())?.seals.some((seal) => seal.auditor === id) ?? false;
  }

  /** @param {CryptoKeyPair} keys */
  async #recordingKey(keys) {
    const seals = await this.#seals(), sealed = this.entries.find(({ event }) => event.type === "key_sealed");
    return sealed && seals && openRecordingKey(seals, keys, fromBase64(sealed.event.commitment));
  }

  /** All seals: the agent's, and those of auditors who passed it on. @returns {Promise<import("../core/recording_keys.js").Seals | undefined>} */
  async #seals() {
    const sealed = this.entries.find(({ event }) => event.type === "key_sealed"), data = sealed && this.#beside(sealed.event.seals);
    if (!data) return undefined;
    const seals = readSeals(data, this.opened.session);
    const later = await Promise.all(this.resealed.map(async ({ auditor, sealed: again }) => ({ auditor: toBase64(await sha256(fromBase64(auditor.hpke_key))), share: 0, sealed: again })));
    return { ...seals, seals: [...seals.seals, ...later] };
  }

  /** @param {number} entry @param {any} event @param {Record<string, string>} said */
  #note(entry, event, said) {
    const first = event.revises || entry, versions = this.notes.get(first) ?? [];
    versions.push({ text: said.text ?? "", participant: event.participant, shownMs: event.shown_ms, entry });
    this.notes.set(first, versions);
  }

  /** Hold what lies beside an entry, if anything does, against its hash. @param {Entry} entry @throws {LogTampered} it is something else */
  async #holdBeside({ number, event }) {
    const hash = event.type === "key_sealed" ? event.seals : event.content;
    if (!hash) return;
    const data = this.#beside(hash);
    if (!data) this.missing.push({ what: "beside", entry: number });
    else if (toBase64(await sha256(data)) !== hash) throw new LogTampered(`what lies beside entry ${number} is something else`);
  }

  /** What lies beside an entry. @param {string} hash as the entry says, base64 */
  #beside(hash) {
    const hex = Array.from(fromBase64(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const kept = this.told.beside[hex];
    return kept === undefined ? undefined : fromBase64(kept);
  }
}

/** What the agent wrote beside an entry; nothing where it is not what it has to be. @param {Uint8Array} content @returns {Record<string, string> | undefined} */
function read(content) {
  try {
    const said = JSON.parse(new TextDecoder().decode(content));
    return Object.values(said).every(lines) ? said : undefined;
  } catch {
    return undefined;
  }
}
