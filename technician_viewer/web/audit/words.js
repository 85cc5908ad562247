/** What entries, endings and faults are called, for people. */
import { _ } from "../catalogue.js";
import { sizeText } from "../sizes.js";

/** How a session ended. */
export const OUTCOMES = ["completed", "stopped", "declined", "unanswered", "wrong_code", "alone", "dropped", "failed"];

/** @param {string} outcome */
export const outcomeText = (outcome) => ({
  completed: _("The technician ended it"), stopped: _("The customer stopped it"), declined: _("The customer refused"), unanswered: _("The customer did not answer, which is a no"),
  wrong_code: _("The code was not right"), alone: _("Nobody came"), dropped: _("The connection was lost"), failed: _("It could not go on"),
})[outcome] ?? _("The log does not tell how it ended");

/** @param {string} capability */
export const capabilityText = (capability) => ({ view: _("see the screen"), control: _("control"), record: _("record"), files: _("files"), clipboard: _("share the clipboard") })[capability] ?? capability;

/** @param {string} lane */
export const laneText = (lane) => ({
  consent: _("Sees"), control: _("Controls"), clipboard: _("Clipboard"), recording: _("Recorded"), windows: _("Windows"), input: _("Input"), chat: _("Messages"), files: _("Files"), notes: _("Notes"), connection: _("Interrupted"), network: _("Connection"), people: _("People"), activity: _("Activity"),
})[lane] ?? lane;

/** What slowed the picture down, and how much. @param {import("./lanes.js").Path} path @param {string} language */
export function pathText(path, language) {
  const what = ({
    viewer_network: _("The technician’s network slows the picture down."), viewer_processor: _("The technician’s computer slows the picture down."), relay: _("The server slows the picture down."),
    agent_network: _("The customer's network slows the picture down."), agent_processor: _("The customer's computer slows the picture down."),
  })[path.bottleneck] ?? _("Nothing slows the picture down.");
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const figures = path.round_trip_ms && path.rate_kbit ? _("There and back: {ms} ms. Arriving: {rate} Mbit/s.", { ms: number.format(path.round_trip_ms), rate: number.format(path.rate_kbit / 1000) }) : "";
  return `${["✓", "!", "!!"][pathGrade(path)]} ${what} ${figures}`.trim();
}

/** How much people were disturbed: 0 not at all, 1 they could notice, 2 very. @param {import("./lanes.js").Path} path */
export const pathGrade = ({ bottleneck, round_trip_ms: ms }) => (ms >= 1000 ? 2 : bottleneck === "none" && ms < 100 ? 0 : 1);

/** A file in a sentence, without the name that only an auditor's key opens. @param {any} event @param {string} name of the technician */
function fileText({ direction, outcome, bytes, moved }, name) {
  const isIn = direction === "to_customer", size = sizeText(bytes);
  if (outcome === "moved") return isIn ? _("{name} sends the customer a file ({size})", { name, size }) : _("The customer sends {name} a file ({size})", { name, size });
  const told = isIn ? _("A file of {name} does not arrive: {why}", { name, why: notMovedText(outcome) }) : _("{name} asks for a file and does not get it: {why}", { name, why: notMovedText(outcome) });
  return moved ? told + " " + _("({moved} of {size} had gone)", { moved: sizeText(moved), size }) : told;
}

/** @param {string} outcome */
const notMovedText = (outcome) => ({
  cancelled: _("the technician stopped it"), refused: _("the customer said no"), withdrawn: _("files were not allowed any more"), paused: _("the session was paused"), interrupted: _("the connection was interrupted"),
  busy: _("another file was on its way"), too_large: _("it was too large"), no_room: _("the disk was full"), not_writable: _("the folder could not be written to"), unreadable: _("it could not be read"), altered: _("it changed on the way"),
})[outcome] ?? outcome;

/** @param {{ what: string, entry?: number }} missing */
export const missingText = ({ what, entry = 0 }) => ({
  segment: _("A piece of the recording: number {entry}", { entry }), recording: _("The recording: it was deleted before its time was over"), certificate: _("The certificate that entry {entry} names", { entry }),
  signatures: _("The signatures of both sides from entry {entry} on", { entry }), end: _("The end of the session"), beside: _("What lay beside entry {entry}: it was deleted, or never kept", { entry }),
  content: _("What lies beside entry {entry}: it opens, and is nothing that can be read", { entry }),
  joining: _("In the log of all sessions: who came with entry {entry}", { entry }), opening: _("The session’s opening in the log of all sessions"), closing: _("The session’s end in the log of all sessions"),
})[what] ?? what;

/**
 * One entry in a sentence.
 *
 * @param {any} event @param {(participant: string) => string} nameOf
 * @returns {string} nothing where an entry tells people nothing
 */
export function entryText(event, nameOf) {
  const name = nameOf(event.participant ?? "");
  switch (event.type) {
    case "opened": return _("The customer and the technician are connected");
    case "joined": return _("{name} joins", { name: event.name });
    case "file_transferred": return fileText(event, name);
    case "left": return event.by === "customer" ? _("The customer sends {name} away", { name }) : _("{name} is gone", { name });
    case "handed_over": return _("{name} leads from now on", { name: nameOf(event.to) });
    case "cut": return _("The connection with {name} is lost", { name });
    case "resumed": return _("{name} is back", { name });
    case "asked": return name ? _("{name} asks to {what}", { name, what: capabilityText(event.capability) }) : _("The customer is asked: {what}", { what: capabilityText(event.capability) });
    case "answered": return { allowed: _("The customer allows it"), refused: _("The customer refuses"), timed_out: _("The customer does not answer, which is a no") }[/** @type {"allowed"} */ (event.answer)] ?? event.answer;
    case "access_ended": return _("Over: {what}", { what: capabilityText(event.capability) });
    case "clipboard_moved": return event.direction === "to_customer"
      ? _("{name} puts text on the customer's clipboard ({count} characters)", { name, count: event.characters })
      : _("{name} reads what the customer copied ({count} characters)", { name, count: event.characters });
    case "held": return _("The customer makes a pause");
    case "continued": return _("The customer lets it go on");
    case "recording_paused": return _("The customer pauses the recording");
    case "recording_continued": return _("The customer lets the recording go on");
    case "device_described": return _("The customer’s computer is described");
    case "said": return name ? _("{name} writes a message", { name }) : _("The customer writes a message");
    case "segment_lost": return _("A piece of the recording could not be kept");
    case "ended": return outcomeText(event.outcome);
    default: return "";
  }
}
