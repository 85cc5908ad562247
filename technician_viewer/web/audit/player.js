/** Plays a recording on the same screen as a live session: seeking, speed, idle time left out, picture by picture. */

/** Longer than this without a new picture is idle time, of which so much stays. */
const IDLE_MS = 2000;
const IDLE_LEFT_MS = 500;
/** With fewer pictures left than these the next segment is fetched and opened. */
const AHEAD = 20;
const SPEEDS = [0.5, 1, 2, 4, 8, 16];

/**
 * @typedef {import("../session/playback.js").Moment} Moment
 * @typedef {import("../core/recording.js").SegmentClosed} Segment
 */

export class Player {
  static SPEEDS = SPEEDS;
  speed = 1;
  skipsIdle = true;
  isPlaying = false;
  /** The time in the recording that is shown, UTC milliseconds. */
  atMs = 0;
  /** @type {Moment[]} opened and not shown yet */
  #moments = [];
  #nextSegment = 0;
  /** Counts the seeks: what was fetched for an older one is of no use. */
  #age = 0;
  /** @type {Promise<void> | undefined} */
  #filling;
  #frame = 0;
  #clockMs = 0;
  /** The last place that was mended. */
  #mendedMs = -1;

  /**
   * @param {import("../screen/remote_screen.js").RemoteScreen} screen
   * @param {() => import("../session/playback.js").Playback} open the recording from the start: each seek goes its own way through it
   * @param {(segment: number) => Promise<import("../core/bytes.js").Bytes | undefined>} fetchSegment nothing where it is not kept
   * @param {{ onTime: () => void, onInput: (input: any) => void, onGap: (segment: number) => void, onBroken: (error: Error) => void, onEnd: () => void }} listener
   */
  constructor(screen, open, fetchSegment, listener) {
    this.screen = screen;
    this.open = open;
    this.playback = open();
    this.segments = this.playback.segments;
    this.fetchSegment = fetchSegment;
    this.listener = listener;
    this.startMs = this.segments[0]?.began_ms ?? 0;
    this.endMs = this.segments.at(-1)?.ended_ms ?? 0;
    this.atMs = this.startMs;
  }

  /** Show what was seen at this time: from the key picture before it, in one go. @param {number} atMs */
  async seek(atMs) {
    const wanted = Math.min(Math.max(atMs, this.startMs), this.endMs);
    const age = this.#begin(this.playback.firstFor(wanted));
    this.atMs = this.#clockMs = wanted;
    let shown = false;
    for (let moment = await this.#next(age); moment && age === this.#age; moment = await this.#next(age)) {
      if (moment.atMs > wanted && shown) {
        this.#moments.unshift(moment);
        break;
      }
      this.#show(moment, false);
      shown = true;
    }
    if (age !== this.#age) return;
    // Where nothing moved just then, what is shown is older; a recording may begin later, too.
    this.atMs = Math.max(this.atMs, wanted);
    this.listener.onTime();
  }

  /**
   * What is shown is wrong, as after a lost graphics device or a decoder that fails: show it anew, from the key picture before.
   * Once for each place: what is wrong in the recording itself is so again.
   */
  async mend() {
    if (this.atMs <= this.#mendedMs) return;
    this.#mendedMs = this.atMs;
    await this.seek(this.atMs);
  }

  /** One picture further. */
  async step() {
    this.pause();
    const moment = await this.#next(this.#age);
    if (moment) this.#show(moment, true);
    else this.listener.onEnd();
  }

  /** Go on from here. */
  play() {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.#clockMs = this.atMs;
    let before = performance.now();
    const tick = async (/** @type {number} */ now) => {
      if (!this.isPlaying) return;
      this.#clockMs += (now - before) * this.speed;
      before = now;
      await this.#upTo(this.#clockMs);
      if (this.isPlaying) this.#frame = requestAnimationFrame((next) => void tick(next));
    };
    this.#frame = requestAnimationFrame((now) => { before = now; void tick(now); });
  }

  /** Stay here. */
  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.#frame);
  }

  /** Show all that is due. @param {number} clockMs */
  async #upTo(clockMs) {
    const age = this.#age;
    for (;;) {
      const moment = await this.#next(age);
      if (age !== this.#age) return;
      if (!moment) {
        this.pause();
        return this.listener.onEnd();
      }
      if (moment.atMs > clockMs) {
        this.#moments.unshift(moment);
        if (this.skipsIdle && moment.atMs - clockMs > IDLE_MS) this.#clockMs = moment.atMs - IDLE_LEFT_MS;
        this.atMs = Math.max(this.atMs, Math.min(this.#clockMs, moment.atMs));
        return this.listener.onTime();
      }
      this.#show(moment, true);
    }
  }

  /** @param {Moment} moment @param {boolean} tells whether what the technician did in it is pointed at */
  #show(moment, tells) {
    this.screen.take(moment.parts, performance.now());
    if (tells) for (const part of moment.parts) if (part.type === "input") this.listener.onInput(part);
    this.atMs = Math.max(this.startMs, moment.atMs);
    this.listener.onTime();
  }

  /** Forget what was ahead, and begin at a segment. @param {number} segment @returns {number} the age of what follows */
  #begin(segment) {
    this.#age += 1;
    this.#moments = [];
    this.playback = this.open();
    this.#nextSegment = segment < 0 ? this.segments.length : segment;
    this.#filling = undefined;
    return this.#age;
  }

  /** The next picture; nothing at the end of the recording. @param {number} age @returns {Promise<Moment | undefined>} */
  async #next(age) {
    while (!this.#moments.length && this.#nextSegment < this.segments.length && age === this.#age) await (this.#filling ??= this.#fill(age));
    if (age !== this.#age) return undefined;
    const moment = this.#moments.shift();
    if (this.#moments.length < AHEAD && this.#nextSegment < this.segments.length) this.#filling ??= this.#fill(age);
    return moment;
  }

  /** Open one segment more. @param {number} age */
  async #fill(age) {
    try {
      const { playback } = this, segment = /** @type {Segment} */ (this.segments[this.#nextSegment]);
      const data = await this.fetchSegment(segment.segment);
      if (age !== this.#age) return;
      if (data) {
        const moments = await playback.moments(segment.segment, data);
        if (age !== this.#age) return;
        this.#moments.push(...moments);
        this.#nextSegment += 1;
      } else {
        // What follows builds on what is missing, up to the next complete picture.
        const next = this.segments.find((each) => each.segment > segment.segment && each.is_key);
        this.#nextSegment = next?.segment ?? this.segments.length;
        this.listener.onGap(segment.segment);
      }
    } catch (error) {
      if (age !== this.#age) return;
      this.#nextSegment = this.segments.length;
      this.listener.onBroken(/** @type {Error} */ (error));
    } finally {
      if (age === this.#age) this.#filling = undefined;
    }
  }
}

/** What the lane of activity is made of. @param {Segment[]} segments @returns {{ fromMs: number, toMs: number, share: number }[]} */
export function activityOf(segments) {
  const rates = segments.map((segment) => segment.bytes / Math.max(1, segment.ended_ms - segment.began_ms));
  const highest = Math.max(...rates, 1e-9);
  return segments.map((segment, i) => ({ fromMs: segment.began_ms, toMs: segment.ended_ms, share: Math.sqrt((rates[i] ?? 0) / highest) }));
}

