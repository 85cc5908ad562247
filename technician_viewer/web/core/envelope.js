/** What a WebSocket message is, and for whom (PROTOCOL.md, section 2); protocol/envelope.py. */
import { concat } from "./bytes.js";
import { RemoteProtocolError } from "./errors.js";
import { ENVELOPE_BYTES_MAX } from "./limits.js";

export const SUBPROTOCOL = "mainforte-1";
export const Kind = Object.freeze({ RELAY: 1, HANDSHAKE: 2, CONTROL: 3, MEDIA: 4 });
export const Audience = Object.freeze({ ALL: 0, ONE: 1, STORE: 2 });
const MEDIA_HEADER_BYTES = 16;

/** @param {Uint8Array} content */
export const wrapRelay = (content) => concat(Uint8Array.of(Kind.RELAY), content);

/** To the agent, which is peer 0 on a viewer's socket. @param {number} kind @param {Uint8Array} content */
export const wrap = (kind, content) => concat(Uint8Array.of(kind, 0, 0), content);

/**
 * @typedef {{ kind: 1 | 2 | 3, content: Uint8Array<ArrayBuffer> }} Envelope
 * @typedef {{ kind: 4, audience: number, peer: number, epoch: number, counter: number, header: Uint8Array<ArrayBuffer>,
 *   sealed: Uint8Array<ArrayBuffer> }} MediaEnvelope
 */

/** @param {Uint8Array<ArrayBuffer>} data @returns {Envelope | MediaEnvelope} @throws {RemoteProtocolError} */
export function unwrap(data) {
  const kind = data[0];
  if (data.length > ENVELOPE_BYTES_MAX) throw new RemoteProtocolError(`an envelope of ${data.length} bytes`);
  if (kind === Kind.RELAY) return { kind: 1, content: data.subarray(1) };
  if ((kind === Kind.HANDSHAKE || kind === Kind.CONTROL) && data.length >= 3) {
    return { kind: kind === Kind.CONTROL ? 3 : 2, content: data.subarray(3) };
  }
  if (kind === Kind.MEDIA && data.length >= MEDIA_HEADER_BYTES) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const counter = view.getBigUint64(8);
    const audience = view.getUint8(1);
    if (audience <= Audience.STORE && counter <= BigInt(Number.MAX_SAFE_INTEGER)) {
      return {
        kind: 4, audience, peer: view.getUint16(2), epoch: view.getUint32(4), counter: Number(counter),
        header: data.subarray(0, MEDIA_HEADER_BYTES), sealed: data.subarray(MEDIA_HEADER_BYTES),
      };
    }
  }
  throw new RemoteProtocolError("a malformed envelope");
}
