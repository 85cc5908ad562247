/** The customer's screen on the page: pictures, pointer, which of several screens, and what was shown. */
import { decompress, FrameBuffer } from "./frame_buffer.js";

export class RemoteScreen {
  /** @type {import("../core/media_codec.js").ScreenShape[]} */
  screens = [];
  /** The number of the screen that is shown. */
  current = 0;
  /** The number of the newest picture on the canvas. */
  picture = 0;

  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} pointer
   * @param {{ decode(data: Uint8Array, bytes: number): Uint8Array }} zstd
   * @param {{ onScreens: () => void, onShown: (picture: number) => void }} listener
   */
  constructor(canvas, pointer, zstd, listener) {
    this.frame = new FrameBuffer(canvas, zstd);
    this.canvas = canvas;
    this.pointer = pointer;
    this.zstd = zstd;
    this.listener = listener;
    this.hot = { x: 0, y: 0 };
    this.at = { x: 0, y: 0, isVisible: false };
  }

  /** @param {import("../core/media_codec.js").Part[]} parts */
  take(parts) {
    for (const part of parts) {
      if (part.type === "screens") this.#setScreens(part.screens);
      else if (part.type === "rectangle") {
        if (part.screen !== this.current) this.show(part.screen);
        this.frame.put(part);
      } else if (part.type === "shape") this.#setShape(part);
      else if (part.type === "pointer") {
        this.at = part;
        this.placePointer();
      } else if (part.type === "picture") {
        this.frame.show();
        this.picture = part.number;
        this.listener.onShown(part.number);
      }
    }
  }

  /** Another screen is coming. @param {number} number */
  show(number) {
    const screen = this.screens.find((each) => each.number === number);
    if (!screen) return;
    this.current = number;
    this.frame.resize(screen.width, screen.height);
  }

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
    const current = screens.some((each) => each.number === this.current) ? this.current : screens[0]?.number ?? 0;
    this.show(current);
    this.listener.onScreens();
  }

  /** @param {{ hotX: number, hotY: number, width: number, height: number, data: Uint8Array }} shape */
  #setShape({ hotX, hotY, width, height, data }) {
    const rgba = decompress(this.zstd, data, width * height * 4);
    this.pointer.width = width;
    this.pointer.height = height;
    this.pointer.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
    this.hot = { x: hotX, y: hotY };
    this.placePointer();
  }
}
