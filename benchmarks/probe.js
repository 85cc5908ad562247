// In a technician's page, ours or another's: notes when marks (marker.py) are on the canvas that shows the remote screen, and when keys
// go down. Nothing of the page is changed; what it draws is looked at after it was drawn. All times are performance.now().
(() => {
  // How many marks after the last are looked for; all of them where none has been seen for so long, for then more may have been left out.
  const AHEAD = 24, LOST_AFTER_MS = 400;
  // Of the whole canvas, some megabytes each.
  const COPIES_MAX = 100;
  /** Marks that are waited for, oldest first, one list a series: { number, x, y, width, height } in pixels, of a block. */
  let series = [];
  /** What was seen: [number, when it was drawn, when it had been read back]. */
  let seen = [];
  /** Waiting for a number to be seen. */
  let waiting = [];
  /** A box to keep copies of, and of which numbers. */
  let wantedCopies;
  let copies = [];
  let rest;
  /** Copies of the whole canvas: [when it was last drawn on, its pixels]. */
  let whole;
  let draws = 0, lastDrawn = 0;
  const keys = [];

  /** The number of a mark, or -1; `data` is RGBA with `stride` pixels a row, the mark at `left`, `top` of it. */
  function read(data, stride, left, top, width, height) {
    let bits = 0;
    for (let at = 0; at < 16; at += 1) {
      const x = left + (at & 3) * width + (width >> 1), y = top + (at >> 2) * height + (height >> 1), pixel = (y * stride + x) * 4;
      bits = bits * 2 + (data[pixel] > 128 && data[pixel + 2] < 128 ? 1 : 0);
    }
    const number = bits >> 4;
    return (~(number ^ (number >> 4) ^ (number >> 8)) & 15) === (bits & 15) ? number : -1;
  }

  /** The canvas that shows the remote screen: the largest of the document. */
  let target;
  function isTarget(canvas) {
    if (canvas === target && canvas.isConnected) return true;
    if (!(canvas instanceof HTMLCanvasElement) || !canvas.isConnected) return false;
    const all = [...document.querySelectorAll("canvas")];
    target = all.reduce((largest, each) => (each.width * each.height > largest.width * largest.height ? each : largest), canvas);
    return canvas === target;
  }

  const { putImageData, drawImage, getImageData } = CanvasRenderingContext2D.prototype;

  /** Look for the marks of one series that may have changed; the newest that is seen stands for those before it. */
  function look(context, marks, at, box) {
    const near = [];
    let left = Infinity, top = Infinity, right = 0, bottom = 0;
    const reach = at - marks.lastSeen > LOST_AFTER_MS ? marks.length : Math.min(AHEAD, marks.length);
    for (let ahead = reach - 1; ahead >= 0; ahead -= 1) {
      const { x, y, width, height } = marks[ahead], endX = x + 4 * width, endY = y + 4 * height;
      if (x >= box[2] || y >= box[3] || endX <= box[0] || endY <= box[1]) continue;
      near.push(ahead);
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, endX);
      bottom = Math.max(bottom, endY);
    }
    if (!near.length) return;
    // One look for all, for each takes a while.
    const { data } = getImageData.call(context, left, top, right - left, bottom - top);
    for (const ahead of near) {
      const { number, x, y, width, height } = marks[ahead];
      if (read(data, right - left, x - left, y - top, width, height) !== number) continue;
      seen.push([number, at, performance.now()]);
      marks.lastSeen = at;
      marks.newest = number;
      if (wantedCopies && number >= wantedCopies.numbers[0]) {
        while (number >= wantedCopies.numbers[0]) wantedCopies.numbers.shift();
        const [x1, y1, x2, y2] = wantedCopies.box;
        // As a person sees it: the mark may be drawn before the rest of its picture.
        requestAnimationFrame(() => copies.push([marks.newest, getImageData.call(context, x1, y1, x2 - x1, y2 - y1)]));
      }
      marks.splice(0, ahead + 1);
      waiting = waiting.filter(({ upTo, tell }) => number < upTo || tell());
      return;
    }
  }

  function drawn(context, box) {
    if (!isTarget(context.canvas)) return;
    draws += 1;
    const at = performance.now();
    lastDrawn = at;
    for (const marks of series) if (marks.length) look(context, marks, at, box);
    if (rest) compareSoon(context);
    if (whole) keepSoon(context);
  }

  /** The sum that fidelity.py makes of a picture: each pixel times a number of its place, of 32 bits. */
  function sum({ width, height, data }, cut) {
    const pixels = new Uint32Array(data.buffer);
    let total = 0;
    for (let y = 0, at = 0; y < height; y += 1) {
      const end = at + width - (y >= height - cut ? cut : 0);
      for (let x = at; x < end; x += 1) total = (total + Math.imul(pixels[x] & 0xffffff, Math.imul(x, 0x9e3779b1) | 1)) | 0;
      at += width;
    }
    return total >>> 0;
  }

  const all = (context) => getImageData.call(context, 0, 0, context.canvas.width, context.canvas.height);

  function keepSoon(context) {
    if (whole.isDue || whole.length >= COPIES_MAX) return;
    whole.isDue = true;
    setTimeout(() => {
      if (!whole) return;
      whole.isDue = false;
      whole.push([lastDrawn, all(context)]);
    }, 10);
  }

  function compareSoon(context) {
    if (rest.isDue) return;
    rest.isDue = true;
    const drawnAt = lastDrawn;
    setTimeout(() => {
      if (!rest) return;
      rest.isDue = false;
      if (sum(all(context), rest.cut) === rest.expected) rest.exactAt ??= drawnAt;
      else rest.exactAt = undefined;
    }, 10);
  }

  CanvasRenderingContext2D.prototype.putImageData = function (image, x, y, ...dirty) {
    putImageData.call(this, image, x, y, ...dirty);
    const [left = 0, top = 0, width = image.width, height = image.height] = dirty;
    drawn(this, [x + left, y + top, x + left + width, y + top + height]);
  };
  CanvasRenderingContext2D.prototype.drawImage = function (image, ...where) {
    drawImage.call(this, image, ...where);
    const [x, y, width, height] = where.length > 4 ? where.slice(4) : where;
    drawn(this, [x, y, x + (width ?? this.canvas.width), y + (height ?? this.canvas.height)]);
  };

  addEventListener("keydown", (event) => keys.push({ made: event.timeStamp, came: performance.now() }), true);

  function base64(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  }

  const context = () => target.getContext("2d");

  window.probe = {
    /** Wait for these marks from now on: [[number, x, y, block width, block height], ...], a list for each series. */
    expect(lists) {
      series = lists.map((list) => {
        const marks = list.map(([number, x, y, width, height]) => ({ number, x, y, width, height }));
        return Object.assign(marks, { lastSeen: performance.now(), newest: 0 });
      });
      seen = [];
      waiting = [];
      copies = [];
      wantedCopies = undefined;
      draws = 0;
    },
    /** What has been seen since `expect`. */
    seen() { return seen; },
    draws() { return draws; },
    /** Resolves when this number or a later one has been seen. */
    until(upTo) {
      return new Promise((tell) => {
        if (seen.some(([number]) => number >= upTo)) tell();
        else waiting.push({ upTo, tell() { tell(); return false; } });
      });
    },
    /** Keep a copy of a box (left, top, right, bottom) when each of these numbers, or the next one that is seen, is first seen. */
    copy(box, numbers) { wantedCopies = { box, numbers }; },
    /** The copies: [number, width, height, base64 of RGBA]. */
    copies() { return copies.map(([number, { width, height, data }]) => [number, width, height, base64(data)]); },
    /** From now on: since when is the canvas equal to the picture with this sum, but for a corner of `cut` pixels? */
    compare(expected, cut) {
      rest = { expected, cut, exactAt: undefined, isDue: false };
      compareSoon(context());
    },
    /** When it became equal and stayed so; null: it is not. */
    exactAt() { return rest?.exactAt ?? null; },
    /** Keep copies of the whole canvas from now on, after what is drawn. */
    keepWhole() { whole = []; },
    /** For how long the canvas has not been drawn on; null: it never was. */
    stillMs() { return draws ? performance.now() - lastDrawn : null; },
    /** The copies, which are kept no more: [when it was drawn, the sum of its pixels but for a corner of `cut` pixels]. */
    wholeSums(cut) {
      const sums = whole.map(([at, pixels]) => [at, sum(pixels, cut)]);
      whole = undefined;
      return sums;
    },
    stopComparing() { rest = undefined; },
    /** The whole canvas: [width, height, base64 of RGBA]. */
    whole() {
      const { width, height, data } = all(context());
      return [width, height, base64(data)];
    },
    size() { return target ? [target.width, target.height] : null; },
    /** The key presses since the last call. */
    takeKeys() { return keys.splice(0); },
    now() { return performance.now(); },
  };
})();
