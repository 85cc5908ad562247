/**
 * Seeks in a recording whose pictures come at given times, and tells after each step where the player is, and which pictures came to the screen.
 * Standard input: `{pictures, ends, steps}`, the times of the pictures of each segment, when each ends, and where to go, milliseconds;
 * or "mend", after the screen has lost its picture.
 */
import { text } from "node:stream/consumers";
import { Player } from "../../../technician_viewer/web/audit/player.js";

const { pictures, ends, steps } = JSON.parse(await text(process.stdin));
const segments = pictures.map((times, segment) => ({ segment, began_ms: times[0], ended_ms: ends[segment], is_key: true }));
const open = () => ({
  segments,
  firstFor: (atMs) => segments.findLastIndex((each) => each.began_ms <= atMs),
  moments: (segment) => Promise.resolve(pictures[segment].map((atMs) => ({ atMs, parts: [atMs] }))),
});
let shown = [];
const screen = { take: ([atMs]) => { shown.push(atMs); } };
const listener = { onTime() {}, onInput() {}, onGap() {}, onEnd() {}, onBroken(error) { throw error; } };
const player = new Player(screen, open, () => Promise.resolve(new Uint8Array()), listener);
const found = [];
for (const step of steps) {
  shown = [];
  await (step === "mend" ? player.mend() : player.seek(step));
  found.push({ at: player.atMs, shown });
}
process.stdout.write(JSON.stringify(found));
