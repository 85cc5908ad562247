/** What the agent can say inside the channel: protocol/messages.py, FromAgent. What the page says is checked by the agent. */
import { bytes, count, decode, flag, integer, listOf, oneOf, text } from "./codec.js";
import {
  CHAT_CHARACTERS_MAX, CLIPBOARD_PIECE_CHARACTERS_MAX, CLIPBOARD_PIECES_MAX, CONTROL_MESSAGE_BYTES_MAX, ENTRY_BYTES_MAX, FILE_BYTES_MAX, FILE_NAME_CHARACTERS_MAX, FILE_PART_BYTES_MAX, MEASURED_MS_MAX, PEERS_PER_ROOM_MAX, PROMPT_S_MAX,
} from "./limits.js";

// eslint-disable-next-line no-control-regex
const LINE = /^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]*$/u;
export const line = text(200, LINE);
// eslint-disable-next-line no-control-regex
const TEXT = /^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]*$/u;
/** Several lines: a reason. */
export const lines = text(2000, TEXT);
/** Make the characters of such a text of anything: composed (NFC), deceiving ones as blanks. @param {string} written */
export const tidyText = (written) => Array.from(written, (character) => TEXT.test(character) ? character : " ").join("").normalize("NFC").trim();
const isText = text(CHAT_CHARACTERS_MAX, TEXT);
/** What somebody says in the chat: a text that is not blank. @param {any} value */
export const saidText = (value) => isText(value) && /\S/u.test(value);
export const capability = oneOf(["view", "control", "record", "files", "clipboard"]);
// eslint-disable-next-line no-control-regex
const clipboardPiece = text(CLIPBOARD_PIECE_CHARACTERS_MAX, /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$/u);
export const hold = oneOf(["prompt", "paused", "stop_key", "stale_picture", "unrecorded"]);
export const answer = oneOf(["allowed", "refused", "timed_out"]);
export const outcome = oneOf(["completed", "stopped", "declined", "unanswered", "wrong_code", "alone", "dropped", "failed"]);
export const direction = oneOf(["to_customer", "from_customer"]);
export const fileOutcome = oneOf([
  "moved", "cancelled", "refused", "withdrawn", "paused", "interrupted", "busy", "too_large", "no_room", "not_writable", "unreadable", "altered",
]);
export const preference = oneOf(["automatic", "sharper", "smoother", "save_data"]);
export const bottleneck = oneOf(["none", "viewer_network", "viewer_processor", "relay", "agent_network", "agent_processor"]);
export const key = bytes(32, 32);
const ms = integer(0, MEASURED_MS_MAX);
const fileBytes = integer(0, FILE_BYTES_MAX);
const participant = text(32, /^[0-9a-f]{32}$/);
/** Empty for the customer. */
const speaker = text(32, /^([0-9a-f]{32})?$/);
export const role = oneOf(["technician", "observer", "supervisor", "expert"]);
/** @param {any} value */
const shown = (value) => {
  const { participant: serial, name, role: of, capabilities, leads, is_present, ...rest } = value ?? {};
  return participant(serial) && line(name) && role(of) && listOf(capability, 8)(capabilities) && flag(leads) && flag(is_present) &&
    Object.keys(rest).length === 0;
};

const FROM_AGENT = {
  welcomed: { agent_key: key, participant: line, system: line },
  prompt_opened: { capability, seconds: integer(1, PROMPT_S_MAX) },
  prompt_closed: { capability, answer },
  access_changed: { capabilities: listOf(capability, 8), holds: listOf(hold, 8), until_ms: count },
  access_not_stored: { capability },
  recording_changed: { state: oneOf(["unavailable", "off", "on", "paused"]) },
  participants_changed: { participants: listOf(shown, PEERS_PER_ROOM_MAX) },
  sent_away: { by: oneOf(["customer", "time"]) },
  chat_said: { entry: count, participant: speaker, name: line, at_ms: count, text: saidText },
  chat_refused: { why: oneOf(["too_fast", "full"]) },
  epoch_started: { epoch: count, key, first_counter: count },
  media_reached: { counter: count, picture: count },
  path_measured: {
    preference, bottleneck, round_trip_ms: ms, rate_kbit: count, agent_ms: ms, relay_ms: ms, viewer_ms: ms, making_ms: ms, drawing_ms: ms,
  },
  input_dropped: { hold },
  clipboard_sent: { number: integer(0, CLIPBOARD_PIECES_MAX - 1), pieces: integer(1, CLIPBOARD_PIECES_MAX), text: clipboardPiece },
  clipboard_answered: { answer: oneOf(["put", "nothing_copied", "marked", "not_text", "too_long", "no_answer", "held", "unavailable"]) },
  entry_appended: { entry: text(ENTRY_BYTES_MAX) },
  head_offered: { note: text(4096) },
  file_chosen: { transfer: count, name: text(FILE_NAME_CHARACTERS_MAX, /./su), bytes: fileBytes },
  file_received: { transfer: count, bytes: fileBytes },
  file_part: { transfer: count, offset: fileBytes, data: bytes(FILE_PART_BYTES_MAX, 1) },
  file_completed: { transfer: count, hash: key },
  file_closed: { transfer: count, outcome: fileOutcome },
  pinged: { at_ms: count },
  ended: { outcome },
};

/** Never sent again after a cut (section 5.2). */
export const ONCE = new Set([
  "pointer_moved", "pointer_button", "wheel_turned", "key_changed", "text_typed", "input_released", "pinged", "drawing_timed", "path_measured",
  "returned",
]);

/** @param {Uint8Array} data @returns {any} a message of the agent @throws {import("./errors.js").RemoteProtocolError} */
export const decodeFromAgent = (data) => decode(data, FROM_AGENT, CONTROL_MESSAGE_BYTES_MAX);
