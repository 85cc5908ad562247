/** The customer's screen on the page: pictures, pointer, which of several screens, and what was shown. */
import { RemoteProtocolError } from "../core/errors.js";
import { Picture } from "./picture.js";
import { Times } from "./times.js";

export class RemoteScreen {
  /** @type {import("../core/media_codec.js").ScreenShape[]} */
  screens = [];
  /** The number of the screen that is shown. */
  current = 0;
  /** The number of the newest picture on the canvas. */
  picture = 0;
  /** How decoded pictures come to the canvas. @type {import("./abilities.js").Drawing} */
  drawing = { way: "copy", acceleration: "no-preference" };
  /** How long pictures took of late, from the arrival of their last record to the canvas. */
  times = new Times();
  /** Pictures that have come and are not on the canvas, and when, by performance.now(). @type {Map<number, number>} */
  #arrivals = new Map();
  /** The drawn pointer. @type {ImageData | undefined} */
  #shape;

  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} pointer @param {import("./wasm.js").Wasm} wasm
   * @param {{ onScreens: () => void, onShown: (picture: number) => void, onBroken: (error: Error) => void }} listener
   *   `onBroken`: what is shown is wrong until a key picture comes
   */
  constructor(canvas, pointer, wasm, listener) {
    this.canvas = canvas;
    this.pointer = pointer;
    this.wasm = wasm;
    this.listener = listener;
    this.hot = { x: 0, y: 0 };
    this.at = { x: 0, y: 0, isVisible: false };
    this.shown = new Picture(canvas, wasm, this.drawing, {
      onShown: ({ number }) => {
        this.picture = number;
        this.times.add(performance.now() - (this.#arrivals.get(number) ?? NaN));
        this.#arrivals.delete(number);
        listener.onShown(number);
      },
      onBroken: (error) => {
        this.#arrivals.clear();
        listener.onBroken(error);
      },
    });
    pointer.addEventListener("contextrestored", () => this.#drawShape());
  }

  /** Since when the browser has no canvas to show the picture on, by performance.now(); Infinity while it has. */
  get lostMs() { return this.shown.canvas.lostMs; }

  /** @param {import("../core/media_codec.js").Part[]} parts @param {number} atMs when their record arrived, by performance.now() */
  take(parts, atMs) {
    for (const part of parts) {
      try {
        if (part.type === "picture") this.#arrivals.set(part.number, atMs);
        this.#take(part);
      } catch (error) {
        this.shown.break(/** @type {Error} */ (error), part.type !== "picture");
      }
    }
  }

  /** @param {import("../core/media_codec.js").Part} part */
  #take(part) {
    switch (part.type) {
      case "screens":
        this.#setScreens(part.screens);
        break;
      case "pointer":
        this.at = part;
        this.placePointer();
        break;
      case "shape":
        this.#setShape(part);
        break;
      case "rectangle":
      case "copy":
      case "video":
        if (part.screen !== this.current) this.show(part.screen);
        this.shown.take(part);
        break;
      case "video ended":
      case "picture":
        this.shown.take(part);
        break;
    }
  }

  /** Another screen is coming. @param {number} number @throws {RemoteProtocolError} there is none */
  show(number) {
    const screen = this.screens.find((each) => each.number === number);
    if (!screen) throw new RemoteProtocolError(`pixels for screen ${number}, which does not exist`);
    this.current = number;
    this.#arrivals.clear();
    this.shown.begin(screen.width, screen.height);
  }

  /** Nothing more comes. */
  close() { this.shown.close(); }

  /** Put the drawn pointer where the customer's is; the canvas may be scaled. */
  placePointer() {
    const scale = this.canvas.clientWidth / this.canvas.width || 1;
    this.pointer.hidden = !this.at.isVisible;
    this.pointer.style.transform = `translate(${(this.at.x - this.hot.x) * scale}px, ${(this.at.y - this.hot.y) * scale}px) scale(${scale})`;
    this.pointer.style.left = `${this.canvas.offsetLeft}px`;
    this.pointer.style.top = `${this.canvas.offsetTop}px`;
  }

  /** @param {import("../core/media_codec.js").ScreenShape[]} screens */
  #setScreens(screens) {
    this.screens = screens;
    this.show(screens.some((each) => each.number === this.current) ? this.current : screens[0]?.number ?? 0);
    this.listener.onScreens();
  }

  /** @param {{ hotX: number, hotY: number, width: number, height: number, data: Uint8Array }} shape */
  #setShape({ hotX, hotY, width, height, data }) {
    const at = this.wasm.unpack(data, width * height * 4);
    this.pointer.width = width;
    this.pointer.height = height;
    // A copy: a canvas may take its time with what it is given.
    const rgba = new Uint8ClampedArray(this.wasm.heap.slice(at, at + width * height * 4).buffer);
    this.#shape = new ImageData(rgba, width, height);
    this.#drawShape();
    this.hot = { x: hotX, y: hotY };
    this.placePointer();
  }

  #drawShape() { if (this.#shape) this.pointer.getContext("2d")?.putImageData(this.#shape, 0, 0); }
}
