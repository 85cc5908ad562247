/** Makes lanes of what was checked and opened, given as JSON on standard input, their spans and marks by their names on standard output. */
import { text } from "node:stream/consumers";
import { lanesOf } from "../../../technician_viewer/web/audit/lanes.js";

const { entries, titles, files, clipboard } = JSON.parse(await text(process.stdin));
const { lanes } = lanesOf({ entries, titles, notes: new Map(), files: new Map(files), clipboard: new Map(clipboard), recording: { segments: [] } });
process.stdout.write(JSON.stringify(Object.fromEntries(lanes.map(({ name, spans, marks }) => [name, [...spans, ...marks]]))));
