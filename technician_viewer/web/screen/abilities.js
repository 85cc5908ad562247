/** What this browser can decode, and which way it is quicker at: tried out when the page starts, on a small picture of each codec. */
import { VideoCodec } from "../core/media_codec.js";
import { canDecode as canDecodePhotos } from "./photo.js";
import { COLOURS, HEIGHT, SAMPLES, WIDTH } from "./samples.js";
import { decoding } from "./video.js";

/**
 * How decoded pictures come to the canvas: `copy` into the memory and from there like all else, or `draw` with the browser's own means, and
 * who decodes.
 *
 * @typedef {{ way: "copy" | "draw", acceleration: HardwareAcceleration }} Drawing
 * @typedef {{ codecs: string[], drawing: Drawing, hasVideo: boolean }} Abilities `codecs` as the handshake names them (PROTOCOL.md, section 7.5)
 */

/** What needs nothing of the browser but WebAssembly. */
const OURS = ["zstd", "zstd-stream", "copy", "planes"];
/** @type {[number, string][]} */
const VIDEO = [[VideoCodec.H264, "h264"], [VideoCodec.H264_444, "h264-444"], [VideoCodec.AV1, "av1"], [VideoCodec.VP9, "vp9"]];
/** A decoder that needs longer for one picture is of no use. */
const WITHIN_MS = 1000;
/** The first time is slower than all others. */
const TIMES = 3;
/** How far the colours may be off: those of another matrix than BT.709 are off by more. */
const COLOUR_MAX = 6;

/** @returns {Promise<Abilities>} */
export async function findAbilities() {
  /** @type {Drawing} */
  const drawing = { way: "copy", acceleration: "no-preference" };
  const codecs = [...OURS, ...(canDecodePhotos ? ["jpeg"] : [])];
  if (!("VideoDecoder" in globalThis && "OffscreenCanvas" in globalThis)) return { codecs, drawing, hasVideo: false };
  const trial = new Trial();
  let bestMs = Infinity;
  for (const [codec, name] of VIDEO) {
    let isDecoded = false;
    for (const acceleration of /** @type {HardwareAcceleration[]} */ (["prefer-software", "prefer-hardware"])) {
      // What most regions come in decides; the others go the same way.
      const isTimed = codec === VideoCodec.H264;
      if (isDecoded && !isTimed) continue;
      const { copyMs, drawMs } = await trial.of(codec, acceleration, isTimed ? TIMES : 1).catch(() => ({ copyMs: Infinity, drawMs: Infinity }));
      isDecoded ||= Number.isFinite(copyMs);
      if (!isTimed || Math.min(copyMs, drawMs) >= bestMs) continue;
      bestMs = Math.min(copyMs, drawMs);
      Object.assign(drawing, { acceleration, way: copyMs <= drawMs ? "copy" : "draw" });
    }
    if (isDecoded) codecs.push(name);
  }
  return { codecs, drawing, hasVideo: codecs.some((name) => VIDEO.some(([, video]) => video === name)) };
}

/** Decodes samples, and brings them to a canvas of its own in both ways. */
class Trial {
  canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
  image = new ImageData(WIDTH, HEIGHT);

  /**
   * @param {number} codec @param {HardwareAcceleration} acceleration @param {number} times
   * @returns {Promise<{ copyMs: number, drawMs: number }>} what a picture takes from its bytes to the canvas, in either way
   * @throws {Error} it is not decoded, or not in the right colours
   */
  async of(codec, acceleration, times) {
    const config = decoding(codec, acceleration);
    if (!(await VideoDecoder.isConfigSupported(config)).supported) throw new Error("not supported");
    const sample = Uint8Array.from(atob(SAMPLES.get(codec) ?? ""), (character) => character.charCodeAt(0));
    const found = { copyMs: Infinity, drawMs: Infinity };
    /** @type {(picture: VideoFrame) => void} */
    let take = (picture) => picture.close();
    /** @type {(error: Error) => void} */
    let fail = () => undefined;
    const decoder = new VideoDecoder({ output: (picture) => take(picture), error: (error) => fail(error) });
    const tooLong = setTimeout(() => fail(new Error("too slow")), WITHIN_MS * times * 2);
    try {
      decoder.configure(config);
      for (let time = 0; time < times * 2; time += 1) {
        const beganMs = performance.now();
        const coming = new Promise((resolve, reject) => [take, fail] = [resolve, reject]);
        decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: time, data: sample }));
        const picture = /** @type {VideoFrame} */ (await coming);
        const way = time % 2 ? "drawMs" : "copyMs";
        await (time % 2 ? this.#draw(picture) : this.#copy(picture));
        found[way] = Math.min(found[way], performance.now() - beganMs);
      }
      return found;
    } finally {
      clearTimeout(tooLong);
      if (decoder.state !== "closed") decoder.close();
      take = (picture) => picture.close();
    }
  }

  /** @param {VideoFrame} picture */
  async #copy(picture) {
    try {
      await picture.copyTo(this.image.data, { format: "RGBA" });
    } finally {
      picture.close();
    }
    this.context.putImageData(this.image, 0, 0);
    this.#check();
  }

  /** @param {VideoFrame} picture */
  #draw(picture) {
    this.context.drawImage(picture, 0, 0, WIDTH, HEIGHT);
    picture.close();
    this.#check();
  }

  /** Reading it back also waits until it is there. */
  #check() {
    COLOURS.forEach((colour, at) => {
      const seen = this.context.getImageData((WIDTH * (2 * at + 1)) / (2 * COLOURS.length), HEIGHT / 2, 1, 1).data;
      if (colour.some((value, channel) => Math.abs(value - (seen[channel] ?? 0)) > COLOUR_MAX)) throw new Error("other colours");
    });
  }
}
