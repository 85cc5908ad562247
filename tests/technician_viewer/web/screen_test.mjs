/** What of the page's picture needs no browser, in Node.js. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const web = new URL("../../../technician_viewer/web/", import.meta.url);
const load = (name) => import(new URL(name, web).href);
const { Wasm } = await load("screen/wasm.js");
const { ZstdStream } = await load("screen/zstd_stream.js");
const { FrameBuffer } = await load("screen/frame_buffer.js");
const { Boxes } = await load("screen/boxes.js");
const { checkSize } = await load("screen/photo.js");
const { readParts, readStreamData } = await load("core/media_codec.js");
const { RemoteProtocolError } = await load("core/errors.js");
const vectors = JSON.parse(await readFile(new URL("../../vectors/pixels1.json", import.meta.url), "utf-8"));
const wasm = await Wasm.load();

/** The same numbers at every run. */
let state = 1;
const chance = (below) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % below;
};

/** @returns {any[]} the parts of a vector */
const partsOf = (name) => [...vectors.shown, ...vectors.refused].find((vector) => vector.name === name).parts
  .flatMap((part) => readParts(Uint8Array.from(part.match(/../g), (pair) => parseInt(pair, 16))));
const piecesOf = (name) => partsOf(name).filter((part) => part.codec === 2)
  .map((part) => ({ ...readStreamData(part.data), bytes: part.width * part.height * 4 }));
const isRefusal = (error) => error instanceof RemoteProtocolError;

test("a piece of the stream may be cut anywhere", () => {
  const [first, ...rest] = piecesOf("pieces of one stream, the second one in fragments");
  const data = Buffer.concat(rest.map((piece) => piece.data));
  const { bytes } = rest[0];
  let expected;
  for (let cut = 0; cut <= data.length; cut += 1) {
    const stream = new ZstdStream(wasm);
    assert.ok(stream.take(first, first.bytes));
    assert.equal(stream.take({ begins: false, hasMore: true, data: data.subarray(0, cut) }, bytes), 0);
    const at = stream.take({ begins: false, hasMore: false, data: data.subarray(cut) }, bytes);
    const plain = Buffer.from(wasm.heap.subarray(at, at + bytes));
    expected ??= plain;
    assert.ok(plain.equals(expected), `cut at ${cut}`);
    stream.end();
  }
});

test("a piece that holds more is given up before it is unpacked, and the stream with it", () => {
  const [bomb] = piecesOf("a piece that is a bomb");
  const stream = new ZstdStream(wasm), before = wasm.heap.length;
  assert.throws(() => stream.take(bomb, bomb.bytes), isRefusal);
  // 32 MiB of pixels for a box of 4 KiB: there is room for the stream's window, and no more.
  assert.ok(wasm.heap.length - before < 10 * 1024 * 1024);
  assert.ok(!stream.isOpen);
  assert.throws(() => stream.take({ ...bomb, begins: false }, bomb.bytes), /has not begun/);
  const [good] = piecesOf("pieces of one stream, the second one in fragments");
  assert.ok(stream.take(good, good.bytes));
  stream.end();
});

test("streams that begin anew, again and again, need no more memory", () => {
  const [piece] = piecesOf("pieces of one stream, the second one in fragments");
  const stream = new ZstdStream(wasm);
  stream.take(piece, piece.bytes);
  const before = wasm.heap.length;
  for (let time = 0; time < 200; time += 1) stream.take(piece, piece.bytes);
  assert.equal(wasm.heap.length, before);
  stream.end();
});

test("a stream that has ended cannot go on, and one that says how large it is, or wants a dictionary, does not begin", () => {
  const stream = new ZstdStream(wasm);
  const [piece] = piecesOf("pieces of one stream, the second one in fragments");
  // An empty last block (RFC 8878, section 3.1.1.2) ends the frame.
  const ended = Buffer.concat([piece.data, Buffer.from([1, 0, 0])]);
  assert.throws(() => stream.take({ ...piece, data: ended }, piece.bytes), isRefusal);
  for (const descriptor of [0x20, 0x01, 0x02, 0x03]) {
    const altered = Buffer.from(piece.data);
    altered[4] |= descriptor;
    assert.throws(() => stream.take({ ...piece, data: altered }, piece.bytes), /does not begin/);
  }
  for (const data of [Buffer.alloc(0), Buffer.from([0x28]), Buffer.from("not a frame at all")]) {
    assert.throws(() => stream.take({ ...piece, data }, piece.bytes), isRefusal);
  }
});

test("any bytes at all give a piece or a refusal", () => {
  const [piece] = piecesOf("pieces of one stream, the second one in fragments");
  for (let time = 0; time < 500; time += 1) {
    const data = Buffer.from(piece.data), stream = new ZstdStream(wasm);
    for (let at = 0; at < 1 + chance(4); at += 1) data[chance(data.length)] = chance(256);
    try {
      stream.take({ ...piece, data }, piece.bytes);
    } catch (error) {
      assert.ok(isRefusal(error), `${error}`);
    }
    stream.end();
  }
});

/** The same in plain JavaScript. */
class Model {
  constructor(width, height) {
    this.width = width;
    this.pixels = new Uint32Array(width * height).fill(0xff000000);
  }

  put({ x, y, width, height }, pixels) {
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const bgrx = pixels[row * width + column];
        this.pixels[(y + row) * this.width + x + column] = 0xff000000 | ((bgrx & 0xff) << 16) | (bgrx & 0xff00) | ((bgrx >>> 16) & 0xff);
      }
    }
  }

  copy({ x, y, width, height }, fromX, fromY) {
    const before = this.pixels.slice();
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        this.pixels[(y + row) * this.width + x + column] = before[(fromY + row) * this.width + fromX + column];
      }
    }
  }
}

/** @param {Uint32Array} pixels @param {number} width */
function planesOf(pixels, width) {
  const count = pixels.length, planes = new Uint8Array(3 * count);
  const of = (/** @type {number} */ at) => {
    const bgrx = pixels[at], green = (bgrx >>> 8) & 255;
    return [green, (bgrx & 255) - green, ((bgrx >>> 16) & 255) - green];
  };
  for (let at = 0; at < count; at += 1) {
    const left = at % width ? of(at - 1) : [0, 0, 0];
    of(at).forEach((value, plane) => { planes[plane * count + at] = value - left[plane]; });
  }
  return planes;
}

test("boxes of any size come to their place, exactly, by either form and by copies that overlap", () => {
  const width = 61, height = 47;
  const frame = new FrameBuffer(wasm), model = new Model(width, height);
  frame.resize(width, height);
  const seen = () => new Uint32Array(wasm.heap.buffer, frame.place(0, 0), width * height);
  for (let time = 0; time < 400; time += 1) {
    const box = { x: chance(width), y: chance(height), width: 0, height: 0 };
    box.width = 1 + chance(width - box.x);
    box.height = 1 + chance(height - box.y);
    const pixels = Uint32Array.from({ length: box.width * box.height }, () => chance(2 ** 24));
    if (time % 3 === 0) {
      const fromX = chance(width - box.width + 1), fromY = chance(height - box.height + 1);
      frame.copy(box, fromX, fromY);
      model.copy(box, fromX, fromY);
    } else {
      const plain = time % 3 === 1 ? new Uint8Array(pixels.buffer) : planesOf(pixels, box.width);
      const at = wasm.allocate(plain.length);
      wasm.heap.set(plain, at);
      if (time % 3 === 1) frame.put(box, at); else frame.putPlanes(box, at);
      wasm.zstd.free(at);
      model.put(box, pixels);
    }
    assert.deepEqual(seen(), model.pixels, `after step ${time}`);
  }
});

test("a box outside the picture is refused, and a picture too large to be held too", () => {
  const frame = new FrameBuffer(wasm);
  frame.resize(10, 10);
  for (const box of [{ x: 5, y: 0, width: 6, height: 1 }, { x: 0, y: 10, width: 1, height: 1 }, { x: 65535, y: 65535, width: 16384, height: 16384 }]) {
    assert.throws(() => frame.inside(box), isRefusal);
  }
  assert.throws(() => frame.resize(16384, 16384), isRefusal);
});

test("boxes that change hold all that was added, and neighbours become one", () => {
  for (let time = 0; time < 200; time += 1) {
    const boxes = new Boxes(), added = new Set();
    for (let count = 1 + chance(60); count > 0; count -= 1) {
      const box = { x: chance(30), y: chance(30), width: 1 + chance(4), height: 1 + chance(4) };
      boxes.add(box);
      for (let y = box.y; y < box.y + box.height; y += 1) for (let x = box.x; x < box.x + box.width; x += 1) added.add(y * 100 + x);
    }
    const all = boxes.take();
    assert.ok(all.length <= 32);
    for (const place of added) {
      const [x, y] = [place % 100, Math.floor(place / 100)];
      assert.ok(all.some((box) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height));
    }
    assert.ok(boxes.isEmpty);
  }
  const bands = new Boxes();
  for (let band = 0; band < 10; band += 1) bands.add({ x: 0, y: band * 5, width: 100, height: 5 });
  assert.deepEqual(bands.take(), [{ x: 0, y: 0, width: 100, height: 50 }]);
});

test("of a JPEG's headers any bytes at all give its size or a refusal", () => {
  const photo = partsOf("a JPEG").find((part) => part.codec === 3);
  checkSize(photo.data, photo.width, photo.height);
  assert.throws(() => checkSize(photo.data, photo.width + 1, photo.height), isRefusal);
  for (let length = 0; length < 600; length += 1) {
    assert.throws(() => checkSize(photo.data.slice(0, Math.min(length, 150)), photo.width, photo.height), isRefusal);
  }
  for (let time = 0; time < 2000; time += 1) {
    const data = photo.data.slice();
    for (let at = 0; at < 1 + chance(3); at += 1) data[chance(700)] = chance(256);
    try {
      checkSize(data, photo.width, photo.height);
    } catch (error) {
      assert.ok(isRefusal(error), `${error}`);
    }
  }
});

test("a frame is unpacked only where it declares what its box needs", () => {
  const [, rectangle] = partsOf("a zstd rectangle");
  const bytes = rectangle.width * rectangle.height * 4;
  assert.ok(wasm.unpack(rectangle.data, bytes));
  for (const other of [bytes - 4, bytes + 4, 0]) assert.throws(() => wasm.unpack(rectangle.data, other), isRefusal);
});
