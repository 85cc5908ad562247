/** Checks sessions' evidence as the auditors' page does: cases as JSON on standard input, what each is worth on standard output. */
import { text } from "node:stream/consumers";
import { fromBase64 } from "../../../technician_viewer/web/core/bytes.js";
import { ProtocolError } from "../../../technician_viewer/web/core/errors.js";
import { checkRecords } from "../../../technician_viewer/web/core/recording.js";
import { Evidence } from "../../../technician_viewer/web/audit/evidence.js";
import { lanesOf } from "../../../technician_viewer/web/audit/lanes.js";

const worth = {};
for (const { name, told, logged, fingerprint, segments } of JSON.parse(await text(process.stdin))) {
  try {
    const evidence = await Evidence.read(told, logged, fingerprint);
    for (const segment of evidence.recording.segments) {
      if (segments[segment.segment] !== undefined) await checkRecords(segment, fromBase64(segments[segment.segment]));
    }
    const { lanes } = lanesOf(evidence);
    worth[name] = { altered: "", missing: evidence.missing.map(({ what }) => what), lanes: lanes.map((lane) => lane.name) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    worth[name] = { altered: error.message, missing: [], lanes: [] };
  }
}
process.stdout.write(JSON.stringify(worth));
