/**
 * The picture of one screen, made of the parts of media records, in order (PROTOCOL.md, section 7.2).
 *
 * Most parts are in the picture as soon as they are taken. Video and photos are decoded by the browser meanwhile: what would touch
 * their boxes waits for them, and all that comes after it; what does not, does not wait. A picture is told as shown when all of it is on the canvas.
 */
import { RemoteProtocolError } from "../core/errors.js";
import { VIDEO_STREAMS_MAX } from "../core/limits.js";
import { Codec, readStreamData } from "../core/media_codec.js";
import { Canvas } from "./canvas.js";
import { FrameBuffer, meet } from "./frame_buffer.js";
import { decodePhoto } from "./photo.js";
import { isAlike, VideoStream } from "./video.js";
import { ZstdStream } from "./zstd_stream.js";

/**
 * @typedef {import("./frame_buffer.js").Box} Box
 * @typedef {import("../core/media_codec.js").Part} AnyPart
 * @typedef {Extract<AnyPart, { type: "rectangle" | "copy" | "video" | "video ended" | "picture" }>} Part
 * @typedef {Extract<AnyPart, { type: "rectangle" | "video" }>} DecodedPart
 * @typedef {Extract<AnyPart, { type: "picture" }>} End
 * @typedef {{ part: DecodedPart, number: number, sinceMs: number, isDecoded: boolean, isDue: boolean }} Work what the
 *   browser decodes; `isDue`: its picture has ended
 */

/** A decoder that has not answered for so long does not answer any more. */
const SILENT_MS = 2000;
/** More than any agent leaves unacknowledged. */
const WAITING_MAX = 512;
/** What the browser decodes at once; what comes more waits. */
const WORKS_MAX = 64;

export class Picture {
  /** @type {Work[]} in the order in which they began */
  #works = [];
  /** @type {Part[]} */
  #waiting = [];
  /** @type {{ end: End, after: number }[]} pictures that have ended, and the last work that they wait for */
  #ends = [];
  #number = 0;
  /** Counts the beginnings: what was decoded for the picture before is of no use. */
  #age = 0;
  /** Something could not be shown: what is there is wrong until a key picture has come whole. */
  #isBroken = false;
  /** That happened in a picture whose end is still to come. */
  #isSpoiled = false;
  /** Parts of a picture have come, and its end has not. */
  #isInside = false;
  /** @type {Part | undefined} the fragment whose rest has to come next */
  #unfinished;
  /** @type {number | undefined} */
  #watch;

  /**
   * @param {HTMLCanvasElement | OffscreenCanvas} canvas @param {import("./wasm.js").Wasm} wasm
   * @param {import("./abilities.js").Drawing} drawing which ways are quicker here
   * @param {{ onShown: (end: End) => void, onBroken: (error: Error) => void }} listener
   *   `onBroken`: only a key picture helps now
   */
  constructor(canvas, wasm, drawing, listener) {
    this.wasm = wasm;
    this.drawing = drawing;
    this.listener = listener;
    this.frame = new FrameBuffer(wasm);
    this.canvas = new Canvas(canvas, this.frame, (isWhole) => {
      if (isWhole) this.#tell();
      else this.break(new Error("the canvas was lost"));
    });
    this.stream = new ZstdStream(wasm);
    this.videos = Array.from({ length: VIDEO_STREAMS_MAX }, (_, number) => new VideoStream(() => drawing.acceleration, {
      onPicture: (picture) => {
        const work = this.#works.find((each) => !each.isDecoded && each.part.type === "video" && each.part.stream === number);
        void this.#finish(work, picture, this.#age);
      },
      onFailed: (error) => {
        // Another time by the processor alone: it fails less often, and a graphics card that was lost stays away for a while.
        drawing.acceleration = "prefer-software";
        this.break(error);
      },
    }));
  }

  /** The screen is another one, or another size: all begins anew, in black. @param {number} width @param {number} height */
  begin(width, height) {
    this.#abandon();
    this.#isBroken = this.#isSpoiled = this.#isInside = false;
    this.frame.resize(width, height);
    this.canvas.resize();
  }

  /** Nothing more comes. */
  close() { this.#abandon(); }

  /** @param {Part} part */
  take(part) {
    const unfinished = this.#unfinished;
    this.#isInside = part.type !== "picture";
    this.#unfinished = hasMore(part) ? part : undefined;
    if (unfinished && !isRest(part, unfinished)) this.break(new RemoteProtocolError("another part where the rest of one has to come"), true);
    if (this.#waiting.length || this.#hasToWait(part)) {
      this.#waiting.push(part);
      if (this.#waiting.length > WAITING_MAX) this.break(new RemoteProtocolError("more than can be waited for"));
    } else this.#apply(part);
  }

  /** @param {Part} part whether it would touch what is being decoded, or is too much to be decoded now */
  #hasToWait(part) {
    if (!this.#works.length || part.type === "picture") return false;
    if (this.#works.length >= WORKS_MAX && (part.type === "video" || (part.type === "rectangle" && part.codec === Codec.JPEG))) return true;
    return this.#works.some(({ part: other }) => {
      const isOfStream = other.type === "video" && "stream" in part && other.stream === part.stream;
      if (part.type === "video ended") return isOfStream;
      if (isOfStream && part.type === "video") return !isAlike(part, other);
      return meet(part, other) || (part.type === "copy" && meet({ ...part, x: part.fromX, y: part.fromY }, other));
    });
  }

  /** @param {Part} part */
  #apply(part) {
    try {
      if (part.type === "rectangle") this.#rectangle(part);
      else if (part.type === "copy") this.#copy(part);
      else if (part.type === "video") this.#video(part);
      else if (part.type === "video ended") this.videos[part.stream]?.end();
      else this.#end(part);
    } catch (error) {
      this.break(/** @type {Error} */ (error));
    }
  }

  /** @param {Extract<AnyPart, { type: "rectangle" }>} part */
  #rectangle(part) {
    const box = this.frame.inside(part), pixels = box.width * box.height;
    if (part.codec === Codec.JPEG) {
      const work = this.#begin(part);
      const decoded = decodePhoto(part.data, box.width, box.height), age = this.#age;
      decoded.then((picture) => this.#finish(work, picture, age), (error) => { if (age === this.#age) this.break(error); });
      return;
    }
    let from = 0;
    if (part.codec === Codec.ZSTD) from = this.wasm.unpack(part.data, pixels * 4);
    else if (part.codec === Codec.PLANES) from = this.wasm.unpack(part.data, pixels * 3);
    else {
      const fragment = readStreamData(part.data);
      if (this.#isBroken && !this.stream.isOpen && !fragment.begins) return;
      from = this.stream.take(fragment, pixels * 4);
      if (!from) return;
    }
    this.canvas.settle(box);
    if (part.codec === Codec.PLANES) this.frame.putPlanes(box, from);
    else this.frame.put(box, from);
    this.canvas.changed(box);
  }

  /** @param {Extract<AnyPart, { type: "copy" }>} part */
  #copy(part) {
    const box = this.frame.inside(part), source = this.frame.inside({ ...part, x: part.fromX, y: part.fromY });
    this.canvas.settle(source);
    this.canvas.settle(box);
    this.frame.copy(box, source.x, source.y);
    this.canvas.changed(box);
  }

  /** @param {Extract<AnyPart, { type: "video" }>} part */
  #video(part) {
    const video = /** @type {VideoStream} */ (this.videos[part.stream]);
    this.frame.inside(part);
    if (this.#isBroken && !video.isOpen && !part.isKey) return;
    if (video.take(part)) this.#begin(part);
  }

  /** @param {End} end */
  #end(end) {
    this.canvas.show();
    if (end.isKey && !this.#isSpoiled) this.#isBroken = false;
    this.#isSpoiled = false;
    for (const work of this.#works) work.isDue = true;
    this.#ends.push({ end, after: this.#number });
    this.#tell();
  }

  /** Tell which pictures are all there; on a canvas that is lost none is, until it is back. */
  #tell() {
    if (this.canvas.isLost) return;
    for (let first = this.#ends[0]; first && !(this.#works[0] && this.#works[0].number <= first.after); first = this.#ends[0]) {
      this.#ends.shift();
      if (!this.#isBroken) this.listener.onShown(first.end);
    }
  }

  /** The browser decodes it from now on. @param {DecodedPart} part @returns {Work} */
  #begin(part) {
    this.#number += 1;
    const work = { part, number: this.#number, sinceMs: performance.now(), isDecoded: false, isDue: false };
    this.#works.push(work);
    this.#watch ??= setTimeout(() => this.#look(), SILENT_MS);
    return work;
  }

  /** It is decoded: into the picture with it. @param {Work | undefined} work @param {VideoFrame} picture @param {number} age */
  async #finish(work, picture, age) {
    try {
      if (age !== this.#age || !work) return;
      const { part } = work;
      work.isDecoded = true;
      if (picture.displayWidth !== part.width || picture.displayHeight !== part.height) {
        throw new RemoteProtocolError(`a picture of ${picture.displayWidth} x ${picture.displayHeight} for a box of ${part.width} x ${part.height}`);
      }
      if (this.drawing.way === "draw") this.canvas.draw(picture, part);
      else {
        this.canvas.settle(part);
        await picture.copyTo(this.wasm.heap, { format: "RGBA", layout: [{ offset: this.frame.place(part.x, part.y), stride: this.frame.stride }] });
        if (age !== this.#age) return;
        this.canvas.changed(part);
        if (work.isDue) this.canvas.show(part);
      }
      this.#works.splice(this.#works.indexOf(work), 1);
      this.#tell();
      while (this.#waiting[0] && !this.#hasToWait(this.#waiting[0])) this.#apply(/** @type {Part} */ (this.#waiting.shift()));
    } catch (error) {
      if (age === this.#age) this.break(/** @type {Error} */ (error));
    } finally {
      picture.close();
    }
  }

  /** Whether decoders still answer. */
  #look() {
    this.#watch = undefined;
    const first = this.#works[0];
    if (!first) return;
    if (performance.now() - first.sinceMs > SILENT_MS) this.break(new Error("a decoder that does not answer"));
    else this.#watch = setTimeout(() => this.#look(), SILENT_MS);
  }

  /**
   * What is shown is wrong from now on, and only a key picture helps.
   *
   * @param {Error} error @param {boolean} [isInside] the end of a picture that went wrong is still to come: that one does not help
   */
  break(error, isInside = this.#isInside) {
    this.#abandon();
    this.#isBroken = true;
    this.#isSpoiled ||= isInside;
    this.listener.onBroken(error);
  }

  /** What is under way leads nowhere. */
  #abandon() {
    this.#age += 1;
    this.#unfinished = undefined;
    this.#works = [];
    this.#waiting = [];
    this.#ends = [];
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.stream.end();
    for (const video of this.videos) video.end();
  }
}

/** @param {Part} part */
function hasMore(part) {
  if (part.type === "rectangle") return part.codec === Codec.ZSTD_STREAM && readStreamData(part.data).hasMore;
  return part.type === "video" && part.hasMore;
}

/** @param {Part} part @param {Part} first whether one may go on with the other, as far as can be seen from outside */
function isRest(part, first) {
  if (part.type === "video" && first.type === "video") return part.stream === first.stream;
  if (part.type !== "rectangle" || first.type !== "rectangle" || part.codec !== first.codec) return false;
  return part.x === first.x && part.y === first.y && part.width === first.width && part.height === first.height;
}
