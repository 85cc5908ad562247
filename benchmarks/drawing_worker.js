// The same in a worker, on a canvas that was handed over to it.
import { readParts } from "./core/media_codec.js";
import { Picture } from "./screen/picture.js";
import { Wasm } from "./screen/wasm.js";

let picture;
onmessage = async ({ data }) => {
  if (data.canvas) {
    const { canvas } = data;
    picture = new Picture(canvas, await Wasm.load(), data.drawing, {
      onShown: () => { canvas.getContext("2d").getImageData(0, 0, 1, 1); postMessage(performance.timeOrigin + performance.now()); },
      onBroken: (error) => { throw error; },
    });
    postMessage("ready");
  } else if (data.record) for (const part of readParts(data.record)) picture.take(part);
  else picture.begin(data.width, data.height);
};
