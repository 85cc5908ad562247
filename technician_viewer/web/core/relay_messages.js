/** What the relay can say to a viewer: protocol/relay_messages.py, FromRelay. */
import { count, decode, integer, text } from "./codec.js";
import { MEASURED_MS_MAX, RELAY_MESSAGE_BYTES_MAX } from "./limits.js";

const ms = integer(0, MEASURED_MS_MAX);

const FROM_RELAY = {
  room_opened: { room: text(5, /^[0-9]{5}$/), expires_at: count },
  agent_present: {},
  candidate_arrived: { attempt: integer(1, 3) },
  candidate_left: {},
  peer_joined: { peer: integer(0, 65535) },
  peer_left: { peer: integer(0, 65535) },
  entry_stored: { number: count },
  entry_not_stored: { number: count },
  legs_measured: { agent_ms: ms, viewer_ms: ms, relay_ms: ms },
  refused: { reason: text(40, /^[a-z_]{1,40}$/) },
};

/** @param {Uint8Array} data @returns {any} @throws {import("./errors.js").RemoteProtocolError} */
export const decodeFromRelay = (data) => decode(data, FROM_RELAY, RELAY_MESSAGE_BYTES_MAX);
