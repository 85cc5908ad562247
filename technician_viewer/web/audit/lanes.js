/** What happened when, as lanes of a timeline; made from the entries of a log that was checked. No DOM. */
import { activityOf } from "./player.js";

/**
 * @typedef {{ fromMs: number, toMs: number, what: string, who?: string, share?: number, text?: string, path?: Path }} Span
 * @typedef {{ atMs: number, what: string, who?: string, text?: string, entry: number }} Mark
 * @typedef {{ bottleneck: string, round_trip_ms: number, rate_kbit: number }} Path how good the way was, at worst
 * @typedef {{ name: string, spans: Span[], marks: Mark[] }} Lane
 */

/**
 * @param {import("./evidence.js").Evidence} evidence
 * @returns {{ fromMs: number, toMs: number, lanes: Lane[] }} only lanes in which something happened
 */
export function lanesOf(evidence) {
  const { entries, recording } = evidence;
  const fromMs = entries[0]?.at_ms ?? 0, toMs = Math.max(entries.at(-1)?.at_ms ?? 0, recording.segments.at(-1)?.ended_ms ?? 0, fromMs + 1);
  const lanes = [
    { name: "consent", spans: grants(entries, "view", toMs), marks: answers(entries) },
    { name: "control", spans: grants(entries, "control", toMs), marks: [] },
    { name: "clipboard", spans: grants(entries, "clipboard", toMs), marks: moves(evidence) },
    { name: "recording", spans: recording.segments.map((segment) => ({ fromMs: segment.began_ms, toMs: segment.ended_ms, what: "recorded" })), marks: losses(entries) },
    { name: "windows", spans: titles(evidence, toMs), marks: [] },
    { name: "input", spans: [], marks: typing(entries) },
    { name: "chat", spans: [], marks: chat(evidence) },
    { name: "files", spans: [], marks: files(evidence) },
    { name: "notes", spans: [], marks: notes(evidence) },
    { name: "connection", spans: cuts(entries, toMs), marks: [] },
    { name: "network", spans: ways(entries, toMs), marks: [] },
    { name: "people", spans: [], marks: people(entries) },
    { name: "activity", spans: activityOf(recording.segments).map((each) => ({ ...each, what: "activity" })), marks: [] },
  ];
  return { fromMs, toMs, lanes: lanes.filter(({ spans, marks }) => spans.length || marks.length) };
}

/** @typedef {import("./evidence.js").Entry} Entry */

/** From each yes to the end of what it allowed. @param {Entry[]} entries @param {string} capability @param {number} endMs @returns {Span[]} */
function grants(entries, capability, endMs) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {Map<string, Span>} */
  const open = new Map();
  const close = (/** @type {string} */ who, /** @type {number} */ atMs) => {
    const span = open.get(who);
    if (span) span.toMs = atMs;
    open.delete(who);
  };
  for (const { at_ms: atMs, event } of entries) {
    if (event.type === "answered" && event.answer === "allowed" && event.capabilities.includes(capability)) {
      const who = entries[event.question]?.event.participant ?? "";
      const span = { fromMs: atMs, toMs: endMs, what: capability, who };
      close(who, atMs);
      open.set(who, span);
      spans.push(span);
    } else if (event.type === "access_ended" && event.capability === capability) close(event.participant, atMs);
    else if (event.type === "left") close(event.participant, atMs);
  }
  return spans;
}

/** @param {Entry[]} entries @returns {Mark[]} */
const answers = (entries) => entries.filter(({ event }) => event.type === "answered").map(({ number, at_ms: atMs, event }) => {
  const question = entries[event.question]?.event;
  return { atMs, what: event.answer, who: question?.participant ?? "", text: question?.words ?? "", entry: number };
});

/** @param {Entry[]} entries @returns {Mark[]} */
const losses = (entries) => entries.filter(({ event }) => ["segment_lost", "recording_paused", "recording_continued"].includes(event.type))
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: event.type, entry: number }));

/** @param {Entry[]} entries @returns {Mark[]} */
const typing = (entries) => entries.filter(({ event }) => event.type === "input_counted")
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: "input", who: event.participant, text: `${event.clicks}/${event.keys + event.characters}`, entry: number }));

/** Each file when it was over; its name where it could be opened. @param {import("./evidence.js").Evidence} evidence @returns {Mark[]} */
const files = ({ entries, files: named }) => entries.filter(({ event }) => event.type === "file_transferred")
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: event.outcome === "moved" ? event.direction : "not_moved", who: event.participant, text: named.get(number)?.name, entry: number }));

/** @param {import("./evidence.js").Evidence} evidence @returns {Mark[]} each text that went over the clipboard, with its beginning where that is open */
const moves = ({ entries, clipboard }) => entries.filter(({ event }) => event.type === "clipboard_moved")
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: event.direction === "to_customer" ? "clipboard_put" : "clipboard_read", who: event.participant, text: clipboard.get(number) ?? "", entry: number }));

/** @param {import("./evidence.js").Evidence} evidence @returns {Mark[]} the last version of each note, at the picture it was written about */
const notes = (evidence) => [...evidence.notes.values()].flatMap((versions) => {
  const last = versions.at(-1);
  return last ? [{ atMs: versions[0]?.shownMs || last.shownMs, what: last.text ? "note" : "mark", who: last.participant, text: last.text, entry: last.entry }] : [];
});

/** @param {import("./evidence.js").Evidence} evidence @returns {Mark[]} each line of the chat, with its text where that was recorded */
const chat = ({ entries, said }) => entries.filter(({ event }) => event.type === "said")
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: "said", who: event.participant, text: said.get(number), entry: number }));

/** Each title until the next one, or until nothing was recorded. @param {import("./evidence.js").Evidence} evidence @param {number} endMs @returns {Span[]} */
function titles({ titles: written, entries }, endMs) {
  const stops = entries.filter(({ event }) => stopsRecording(event)).map(({ at_ms: atMs }) => atMs);
  return written.flatMap(({ title, atMs }, at) => {
    const toMs = Math.min(written[at + 1]?.atMs ?? endMs, stops.find((stop) => stop > atMs) ?? endMs);
    return title ? [{ fromMs: atMs, toMs: Math.max(atMs, toMs), what: "window", text: title }] : [];
  });
}

/** @param {any} event */
const stopsRecording = (event) => event.type === "recording_paused" || event.type === "ended" || (event.type === "held" && event.hold === "paused") ||
  (event.type === "access_ended" && event.capability === "record");

/** @param {Entry[]} entries @param {number} endMs @returns {Span[]} */
function cuts(entries, endMs) {
  const spans = [];
  /** @type {Map<string, Span>} */
  const open = new Map();
  for (const { at_ms: atMs, event } of entries) {
    if (event.type === "cut") {
      const span = { fromMs: atMs - event.silent_ms, toMs: endMs, what: "cut", who: event.participant };
      open.set(event.participant, span);
      spans.push(span);
    } else if (event.type === "resumed" || event.type === "left") {
      const span = open.get(event.participant);
      if (span) span.toMs = atMs;
      open.delete(event.participant);
    }
  }
  return spans;
}

/** How good the way was, while somebody was there. @param {Entry[]} entries @param {number} endMs @returns {Span[]} */
function ways(entries, endMs) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {Set<string>} */
  const present = new Set();
  /** @type {Path | undefined} */
  let path;
  /** @type {Span | undefined} */
  let open;
  for (const { at_ms: atMs, event } of entries) {
    const wasThere = present.size > 0;
    if (event.type === "opened" || event.type === "joined" || event.type === "resumed") present.add(event.participant);
    else if (event.type === "cut" || event.type === "left") present.delete(event.participant);
    else if (event.type === "path_changed") path = event;
    if (event.type !== "path_changed" && wasThere === present.size > 0) continue;
    if (open) open.toMs = atMs;
    open = path && present.size > 0 ? { fromMs: atMs, toMs: endMs, what: "path", path } : undefined;
    if (open) spans.push(open);
  }
  return spans;
}

/** @param {Entry[]} entries @returns {Mark[]} */
const people = (entries) => entries.filter(({ event }) => ["joined", "left", "handed_over"].includes(event.type))
  .map(({ number, at_ms: atMs, event }) => ({ atMs, what: event.type, who: event.to ?? event.participant, entry: number }));
