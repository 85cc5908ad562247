/** A page with nothing but the customer's screen on it, for tests: they give parts, and look at what is shown. */
import { readParts } from "./core/media_codec.js";
import { findAbilities } from "./screen/abilities.js";
import { RemoteScreen } from "./screen/remote_screen.js";
import { Wasm } from "./screen/wasm.js";

const [canvas, pointer] = document.querySelectorAll("canvas");
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const base64 = (data) => btoa(Array.from(data, (value) => String.fromCharCode(value)).join(""));
const pixels = () => base64(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);

const told = window.told = { shown: [], broken: [], seen: [] };
const wasm = await Wasm.load();
const screen = new RemoteScreen(canvas, pointer, wasm, {
  onScreens: () => undefined,
  onShown: (picture) => {
    told.shown.push(picture);
    // What is on the canvas at this very moment.
    if (told.isLooking) told.seen.push(pixels());
  },
  onBroken: (error) => told.broken.push(`${error.constructor.name}: ${error.message}`),
});
window.take = (parts) => {
  const records = parts.map(bytes);
  window.room = 0;
  for (const record of records) screen.take(readParts(record), performance.now());
};
window.heapBytes = () => wasm.heap.length;
window.pixels = pixels;
window.drawing = screen.drawing;
window.findAbilities = findAbilities;
document.title = "ready";
