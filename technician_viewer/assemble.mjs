/** What the page has in WebAssembly of its own: writes web/screen/pixels.wat as the module web/vendor/pixels.js; run by `./run setup`. */
import { readFile, writeFile } from "node:fs/promises";
import loadWabt from "wabt";

const web = new URL("web/", import.meta.url);
const wabt = await loadWabt();
const module = wabt.parseWat("pixels.wat", await readFile(new URL("screen/pixels.wat", web), "utf-8"), { simd: true });
module.validate();
const binary = Buffer.from(module.toBinary({}).buffer).toString("base64");
// Within a script, so that it comes by the same import on a page, in a worker and in Node.js.
await writeFile(new URL("vendor/pixels.js", web), `/** Made from screen/pixels.wat. */\nexport const wasm = "${binary}";\n`);
