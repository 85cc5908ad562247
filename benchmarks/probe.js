// In the technician's page: notes when a mark (marker.py) is on the canvas, and when keys go down. Nothing of the page is changed;
// what it draws is looked at after it was drawn. All times are performance.now().
(() => {
  const COLUMNS = 4, BLOCK_WIDTH = 3, BLOCK_HEIGHT = 4, WIDTH = 12, HEIGHT = 16;
  /** The mark that is waited for, and whom to tell. */
  let wanted;
  const keys = [];

  const isLit = (data, at) => data[at] > 128 && data[at + 2] < 128;

  /** The number of a mark, or -1; `data` is RGBA with `stride` pixels a row. */
  function read(data, stride, left, top) {
    let bits = 0;
    for (let at = 0; at < 16; at += 1) {
      const x = left + (at % COLUMNS) * BLOCK_WIDTH + 1, y = top + Math.floor(at / COLUMNS) * BLOCK_HEIGHT + 2;
      bits = bits * 2 + (isLit(data, (y * stride + x) * 4) ? 1 : 0);
    }
    const number = bits >> 4;
    return (~(number ^ (number >> 4) ^ (number >> 8)) & 15) === (bits & 15) ? number : -1;
  }

  /** After something was drawn: the cheap look first, at what was drawn from; then the true one, at the canvas itself. */
  function drawn(context, image, at) {
    if (!wanted || context.canvas.id !== "screen") return;
    const { number, x, y } = wanted;
    if (x + WIDTH > image.width || y + HEIGHT > image.height || read(image.data, image.width, x, y) !== number) return;
    const onCanvas = context.getImageData(x, y, WIDTH, HEIGHT);
    const readAt = performance.now();
    if (read(onCanvas.data, WIDTH, 0, 0) !== number) return;
    const { tell } = wanted;
    wanted = undefined;
    tell({ drawn: at, read: readAt });
  }

  const { putImageData } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...place) {
    putImageData.call(this, image, ...place);
    drawn(this, image, performance.now());
  };

  addEventListener("keydown", (event) => keys.push({ made: event.timeStamp, came: performance.now() }), true);

  window.probe = {
    /** Wait for mark `number` at a place from now on; `seen` gives the answer. */
    want(number, x, y) { this.answer = new Promise((tell) => { wanted = { number, x, y, tell }; }); },
    seen() { return this.answer; },
    /** The key presses since the last call. */
    takeKeys() { return keys.splice(0); },
    now() { return performance.now(); },
  };
})();
