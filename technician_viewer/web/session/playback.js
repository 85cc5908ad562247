/** A recording, opened with an auditor's key: what `RemoteScreen` takes, moment by moment (PROTOCOL.md, section 14); playback.py. */
import { LogTampered, ProtocolError } from "../core/errors.js";
import { partsOf } from "../core/media.js";
import { checkRecords, recordingOf } from "../core/recording.js";

/**
 * A picture that is whole, when it was captured (UTC milliseconds), and all that leads to it from the moment before.
 * @typedef {{ number: number, atMs: number, isKey: boolean, parts: import("../core/media_codec.js").Part[] }} Moment
 */

export class Playback {
  /** @type {{ epoch: number, key: Promise<CryptoKey> } | undefined} */
  #epoch;
  /** The segment that follows what was given last. */
  #next = -1;
  /** Parts of a picture whose end has not come. @type {import("../core/media_codec.js").Part[]} */
  #parts = [];
  #isBegun = false;

  /** @param {{ number: number, event: any }[]} entries of a log that was checked @param {import("../core/recording_keys.js").RecordingKey} key */
  constructor(entries, key) {
    const { segments, epochs } = recordingOf(entries);
    this.segments = segments;
    this.epochs = epochs;
    this.key = key;
  }

  /** The segment to begin with, so that what was seen at this time comes; -1 where nothing can be shown. @param {number} atMs UTC milliseconds */
  firstFor(atMs) {
    const keys = this.segments.filter((segment) => segment.is_key);
    return (keys.findLast((segment) => segment.began_ms <= atMs) ?? keys[0])?.segment ?? -1;
  }

  /**
   * The moments of the next segment, or of one that begins with a key picture.
   *
   * @param {number} number @param {import("../core/bytes.js").Bytes} data what is kept of it
   * @returns {Promise<Moment[]>}
   * @throws {LogTampered} the segment, or the key of its epoch, is not what the agent signed
   * @throws {RangeError} it does not follow the one before, and cannot be begun with
   */
  async moments(number, data) {
    const segment = this.segments[number];
    if (!segment || (number !== this.#next && !segment.is_key)) throw new RangeError(`segment ${number} cannot be begun with`);
    if (number !== this.#next) {
      this.#parts = [];
      this.#isBegun = false;
    }
    this.#next = -1;
    const records = await checkRecords(segment, data);
    const key = await this.#keyOf(segment.epoch);
    let opened;
    try {
      opened = await Promise.all(records.map((record) => partsOf(key, record)));
    } catch (error) {
      throw error instanceof ProtocolError ? new LogTampered(`segment ${number} cannot be shown: ${error.message}`) : error;
    }
    /** @type {Moment[]} */
    const moments = [];
    for (const part of opened.flat()) {
      this.#isBegun ||= part.type === "screens";
      if (!this.#isBegun) continue;
      this.#parts.push(part);
      if (part.type !== "picture") continue;
      moments.push({ number: part.number, atMs: part.atMs, isKey: part.isKey, parts: this.#parts });
      this.#parts = [];
    }
    this.#next = number + 1;
    return moments;
  }

  /** @param {number} number of an epoch @returns {Promise<CryptoKey>} @throws {LogTampered} it does not open, or to another key */
  #keyOf(number) {
    if (this.#epoch?.epoch !== number) {
      const said = this.epochs[number - 1];
      if (!said) throw new LogTampered(`epoch ${number} is not in the log`);
      const key = this.key.unwrap(said).then((raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]));
      this.#epoch = { epoch: number, key };
    }
    return this.#epoch.key;
  }
}
