/**
 * Seeks in a recording whose pictures come at given times, and tells after each seek where the player is, and which picture is on the screen.
 * Standard input: `{pictures, ends, seeks}`, the times of the pictures of each segment, when each ends, and where to go; milliseconds.
 */
import { text } from "node:stream/consumers";
import { Player } from "../../../technician_viewer/web/audit/player.js";

const { pictures, ends, seeks } = JSON.parse(await text(process.stdin));
const segments = pictures.map((times, segment) => ({ segment, began_ms: times[0], ended_ms: ends[segment], is_key: true }));
const open = () => ({
  segments,
  firstFor: (atMs) => segments.findLastIndex((each) => each.began_ms <= atMs),
  moments: (segment) => Promise.resolve(pictures[segment].map((atMs) => ({ atMs, parts: [atMs] }))),
});
let shown = 0;
const screen = { take: ([atMs]) => { shown = atMs; } };
const listener = { onTime() {}, onInput() {}, onGap() {}, onEnd() {}, onBroken(error) { throw error; } };
const player = new Player(screen, open, () => Promise.resolve(new Uint8Array()), listener);
const found = [];
for (const atMs of seeks) {
  await player.seek(atMs);
  found.push({ at: player.atMs, shown });
}
process.stdout.write(JSON.stringify(found));
