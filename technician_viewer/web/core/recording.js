/** Recordings as they are kept (PROTOCOL.md, section 14): segments of media records, held against the agent's log; protocol/recording.py. */
import { areEqual, fromBase64 } from "./bytes.js";
import { Audience, unwrap } from "./envelope.js";
import { LogTampered, RemoteProtocolError } from "./errors.js";
import { ENVELOPE_BYTES_MAX, SEGMENT_BYTES_MAX } from "./limits.js";
import { sha256 } from "./recording_keys.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/**
 * @typedef {{ segment: number, epoch: number, is_key: boolean, first: number, next: number, records: number, bytes: number,
 *   began_ms: number, ended_ms: number, hash: string }} SegmentClosed as its entry says
 * @typedef {{ epoch: number, first: number, commitment: string, wrapped: string }} EpochBegan as its entry says
 */

/** @param {Bytes} data @returns {import("./envelope.js").MediaEnvelope[]} @throws {RemoteProtocolError} cut short, too long, or something else */
export function readSegment(data) {
  if (data.length > SEGMENT_BYTES_MAX) throw new RemoteProtocolError(`a segment of ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const records = [];
  for (let at = 0; at < data.length;) {
    if (data.length - at < 4) throw new RemoteProtocolError("a segment that is cut short");
    const length = view.getUint32(at);
    at += 4;
    if (length === 0 || length > ENVELOPE_BYTES_MAX || length > data.length - at) throw new RemoteProtocolError(`a record of ${length} bytes`);
    const envelope = unwrap(data.subarray(at, at + length));
    if (envelope.kind !== 4 || envelope.audience === Audience.ONE) throw new RemoteProtocolError("a segment holds media records for all, and for the store");
    records.push(envelope);
    at += length;
  }
  return records;
}

/**
 * @param {SegmentClosed} segment @param {Bytes} data what was kept of it
 * @returns {Promise<import("./envelope.js").MediaEnvelope[]>} @throws {LogTampered} it is not the one that the agent signed
 */
export async function checkRecords(segment, data) {
  const altered = `segment ${segment.segment} is not the one that the agent signed`;
  if (data.length !== segment.bytes || !areEqual(await sha256(data), fromBase64(segment.hash))) throw new LogTampered(altered);
  const records = readSegment(data);
  const toAll = records.filter((record) => record.audience === Audience.ALL);
  const isWhole = toAll.length === segment.next - segment.first && toAll.every((record, i) => record.counter === segment.first + i);
  if (!isWhole || records.some((record) => record.epoch !== segment.epoch)) throw new LogTampered(altered);
  return records;
}

/**
 * What a log says of its recording.
 *
 * @param {{ number: number, event: any }[]} entries of a log that was checked
 * @returns {{ segments: SegmentClosed[], epochs: EpochBegan[], lost: Map<number, string> }}
 * @throws {LogTampered} segments or epochs that do not follow each other, or a segment of an epoch that was not recorded
 */
export function recordingOf(entries) {
  /** @type {SegmentClosed[]} */
  const segments = [];
  /** @type {EpochBegan[]} */
  const epochs = [];
  const lost = new Map();
  for (const { number, event } of entries) {
    if (event.type === "epoch_began") {
      const before = epochs.at(-1);
      if (event.epoch !== epochs.length + 1 || (before && event.first < before.first)) throw new LogTampered(`entry ${number}: epochs out of order`);
      epochs.push(event);
    } else if (event.type === "segment_closed") {
      const before = segments.at(-1), epoch = epochs[event.epoch - 1];
      const isInOrder = event.segment === segments.length && epoch?.wrapped && event.first >= epoch.first && event.next >= event.first &&
        (!before || (event.epoch >= before.epoch && event.first >= before.next));
      if (!isInOrder) throw new LogTampered(`entry ${number}: a segment out of order`);
      segments.push(event);
    } else if (event.type === "segment_lost") lost.set(event.segment, event.why);
  }
  return { segments, epochs, lost };
}
