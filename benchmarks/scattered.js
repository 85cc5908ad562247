// The page's own part of a picture that changes in many places: the same picture again and again, in the page's thread.
import { readParts } from "./core/media_codec.js";
import { Picture } from "./screen/picture.js";
import { Wasm } from "./screen/wasm.js";

const canvas = document.querySelector("canvas");
let tell;
const picture = new Picture(canvas, await Wasm.load(), { way: "copy", acceleration: "no-preference" }, {
  // Reading it back waits until it is there.
  onShown: () => { canvas.getContext("2d").getImageData(0, 0, 1, 1); tell(); },
  onBroken: (error) => { throw error; },
});
picture.begin(1920, 1080);

let records;
window.take = (texts) => { records = texts.map((text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))); };

/** Show it so often; how long each took, in milliseconds. */
window.play = async (times) => {
  const took = [];
  for (let time = 0; time < times; time += 1) {
    const copies = records.map((record) => record.slice());
    const shown = new Promise((resolve) => { tell = resolve; });
    const fromMs = performance.now();
    for (const record of copies) for (const part of readParts(record)) picture.take(part);
    await shown;
    took.push(performance.now() - fromMs);
  }
  return took;
};
document.title = "ready";
