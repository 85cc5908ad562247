/** Makes lanes of what was checked and opened, given as JSON on standard input, by their names on standard output. */
import { text } from "node:stream/consumers";
import { lanesOf } from "../../../technician_viewer/web/audit/lanes.js";

const { entries, titles } = JSON.parse(await text(process.stdin));
const { lanes } = lanesOf({ entries, titles, notes: new Map(), recording: { segments: [] } });
process.stdout.write(JSON.stringify(Object.fromEntries(lanes.map(({ name, spans }) => [name, spans]))));
