/** The page's decoders, one input a line on standard input: `name hex`; answers `read`, `refused`, or `crash` with the error. */
import { createInterface } from "node:readline";

const core = new URL("../../technician_viewer/web/core/", import.meta.url);
const load = (name) => import(new URL(name, core).href);
const { ViewerHandshake } = await load("handshake.js");
const { decodeFromRelay } = await load("relay_messages.js");
const { decodeFromAgent } = await load("messages.js");
const { unwrap } = await load("envelope.js");
const { readParts } = await load("media_codec.js");
const { LogReader } = await load("session_log.js");
const { parse } = await load("support_code.js");
const { LocalProtocolError, ProtocolError } = await load("errors.js");

const text = (data) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new ProtocolError("not UTF-8");
  }
};
const offer = { capabilities: ["view", "control"], codecs: ["zstd"], program: "page" };
const randomness = () => ({ nonce: new Uint8Array(32).fill(1), scalar: new Uint8Array(32).fill(2) });

/** @type {Record<string, (data: Uint8Array) => unknown>} */
const decoders = {
  envelope: unwrap,
  from_relay: decodeFromRelay,
  from_agent: decodeFromAgent,
  viewer_handshake: (data) => new ViewerHandshake(parse("41703 cerise violon"), new Uint8Array(32), offer, randomness()).receive(data),
  parts: readParts,
  support_code: (data) => parse(text(data)),
  first_entry: (data) => new LogReader().add(text(data)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, hex] = line.split(" ");
  let outcome = "read";
  try {
    await decoders[name](new Uint8Array(Buffer.from(hex, "hex")));
  } catch (error) {
    const isRefusal = error instanceof ProtocolError && !(error instanceof LocalProtocolError);
    outcome = isRefusal ? "refused" : `crash ${error?.name}: ${error?.message}`.replaceAll("\n", " ");
  }
  process.stdout.write(`${outcome}\n`);
}
