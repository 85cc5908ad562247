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
  /** The first that is decoded, for it is what most regions come in, decides which way all go. @type {number | undefined} */
  let decides;
  let bestMs = Infinity;
  for (const [codec, name] of VIDEO) {
    for (const acceleration of /** @type {HardwareAcceleration[]} */ (["prefer-software", "prefer-hardware"])) {
      const isDecided = decides !== undefined && decides !== codec;
      if (isDecided && codecs.includes(name)) continue;
      const { copyMs, drawMs } = await trial.of(codec, acceleration, isDecided ? 1 : TIMES);
      const [way, ms] = isDecided ? [drawing.way, drawing.way === "copy" ? copyMs : drawMs] : copyMs <= drawMs ? ["copy", copyMs] : ["draw", drawMs];
      if (ms === Infinity) continue;
      if (!codecs.includes(name)) codecs.push(name);
      if (isDecided || ms >= bestMs) continue;
      decides = codec;
      bestMs = ms;
      Object.assign(drawing, { way, acceleration });
    }
  }
  return { codecs, drawing, hasVideo: decides !== undefined };
}

/** Decodes samples, and brings them to a canvas in both ways. */
class Trial {
  image = new ImageData(WIDTH, HEIGHT);

  /**
   * @param {number} codec @param {HardwareAcceleration} acceleration @param {number} times
   * @returns {Promise<{ copyMs: number, drawMs: number }>} what a picture takes from its bytes to the canvas, in either way; Infinity where
   *   it does not come there, or in other colours
   */
  async of(codec, acceleration, times) {
    const found = { copyMs: Infinity, drawMs: Infinity };
    /** @type {VideoDecoder | undefined} */
    let decoder;
    /** @type {number | undefined} */
    let tooLong;
    try {
      const config = decoding(codec, acceleration);
      if (!(await VideoDecoder.isConfigSupported(config)).supported) return found;
      const sample = Uint8Array.from(atob(SAMPLES.get(codec) ?? ""), (character) => character.charCodeAt(0));
      /** @type {(picture: VideoFrame) => void} */
      let take = (picture) => picture.close();
      /** @type {(error: Error) => void} */
      let fail = () => undefined;
      decoder = new VideoDecoder({ output: (picture) => take(picture), error: (error) => fail(error) });
      tooLong = setTimeout(() => fail(new Error("too slow")), WITHIN_MS * times * 2);
      decoder.configure(config);
      for (let time = 0; time < times * 2; time += 1) {
        const beganMs = performance.now();
        const coming = new Promise((resolve, reject) => [take, fail] = [resolve, reject]);
        decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: time, data: sample }));
        const picture = /** @type {VideoFrame} */ (await coming), isCopied = time % 2 === 0;
        const isThere = await this.#show(picture, isCopied).catch(() => false).finally(() => picture.close());
        const way = isCopied ? "copyMs" : "drawMs";
        if (isThere) found[way] = Math.min(found[way], performance.now() - beganMs);
      }
    } catch {
      // A decoder that fails at times is none.
      return { copyMs: Infinity, drawMs: Infinity };
    } finally {
      clearTimeout(tooLong);
      if (decoder && decoder.state !== "closed") decoder.close();
    }
    return found;
  }

  /** @param {VideoFrame} picture @param {boolean} isCopied @returns {Promise<boolean>} whether it is there, in its colours */
  async #show(picture, isCopied) {
    // A new one each time: from one that is read again and again browsers take the graphics card away.
    const context = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { alpha: false });
    if (!context) return false;
    if (isCopied) {
      await picture.copyTo(this.image.data, { format: "RGBA" });
      context.putImageData(this.image, 0, 0);
    } else context.drawImage(picture, 0, 0, WIDTH, HEIGHT);
    // Reading it back also waits until it is there.
    const row = context.getImageData(0, HEIGHT / 2, WIDTH, 1).data;
    return COLOURS.every((colour, at) => {
      const x = (WIDTH * (2 * at + 1)) / (2 * COLOURS.length);
      return colour.every((value, channel) => Math.abs(value - (row[4 * x + channel] ?? 0)) <= COLOUR_MAX);
    });
  }
}
