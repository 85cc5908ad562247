// The page's own part of a picture, from a record that has been opened to the canvas: in the page's thread, or in a worker (drawing_worker.js).
import { readParts } from "./core/media_codec.js";
import { Picture } from "./screen/picture.js";
import { Wasm } from "./screen/wasm.js";

const [here, there] = document.querySelectorAll("canvas");
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const drawing = { way: "copy", acceleration: "no-preference" };

/** Whoever waits for the next picture that is shown. */
let tell;
const picture = new Picture(here, await Wasm.load(), drawing, {
  // Reading it back waits until it is there.
  onShown: () => { here.getContext("2d").getImageData(0, 0, 1, 1); tell(performance.timeOrigin + performance.now()); },
  onBroken: (error) => { throw error; },
});
const worker = new Worker("/drawing_worker.js", { type: "module" });
const canvas = there.transferControlToOffscreen();
worker.postMessage({ canvas, drawing }, [canvas]);
await new Promise((resolve) => { worker.onmessage = resolve; });
worker.onmessage = ({ data }) => tell(data);

/** How long this thread could do nothing else, at most, since the last question. */
let longestMs = 0, tickedMs = performance.now();
const ticking = new MessageChannel();
ticking.port1.onmessage = () => {
  const nowMs = performance.now();
  longestMs = Math.max(longestMs, nowMs - tickedMs);
  tickedMs = nowMs;
  ticking.port2.postMessage(0);
};
ticking.port2.postMessage(0);

window.begin = (width, height) => {
  picture.begin(width, height);
  worker.postMessage({ width, height });
};

/** Take the records of one picture; how long until it is on the canvas, and for how long this thread was held. */
window.once = async (records, isInWorker) => {
  const data = records.map(bytes);
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  longestMs = 0;
  const shown = new Promise((resolve) => { tell = resolve; });
  const fromMs = performance.timeOrigin + performance.now();
  for (const record of data) {
    if (isInWorker) worker.postMessage({ record }, [record.buffer]);
    else for (const part of readParts(record)) picture.take(part);
  }
  const tookMs = (await shown) - fromMs;
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  return [tookMs, longestMs];
};
document.title = "ready";
