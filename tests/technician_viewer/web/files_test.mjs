/** The page's end of a file on its way: session/file_transfers.js, and the names under which files are saved. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { fromBase64, toBase64 } from "../../../technician_viewer/web/core/bytes.js";
import { FILE_BYTES_MAX, FILE_IN_FLIGHT_BYTES_MAX, FILE_PART_BYTES_MAX } from "../../../technician_viewer/web/core/limits.js";
import { FileTransfers } from "../../../technician_viewer/web/session/file_transfers.js";
import { safeName } from "../../../technician_viewer/web/views/files.js";

const DATA = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251);
const hashOf = (data) => createHash("sha256").update(data).digest("base64");

/** What was said, and what is said of it. */
function begun() {
  const said = [];
  return { said, transfers: new FileTransfers({ send: (message) => said.push(message), nowS: () => performance.now() / 1000, onChanged() {} }) };
}

/** What an agent that takes all of it does; gives what it has then. */
async function receivedBy({ said, transfers }) {
  const { transfer: number, bytes } = said.shift(), parts = [];
  let length = 0;
  await transfers.take({ type: "file_received", transfer: number, bytes: 0 });
  for (let message = said.shift(); message?.type === "file_part"; message = said.shift()) {
    assert.equal(message.offset, length);
    const data = fromBase64(message.data);
    assert.ok(data.length <= FILE_PART_BYTES_MAX);
    assert.ok(said.length * FILE_PART_BYTES_MAX <= FILE_IN_FLIGHT_BYTES_MAX + FILE_PART_BYTES_MAX);
    parts.push(data);
    length += data.length;
    await transfers.take({ type: "file_received", transfer: number, bytes: length });
    if (length === bytes) {
      const completed = said.find(({ type }) => type === "file_completed");
      assert.equal(completed.hash, hashOf(Buffer.concat(parts)));
    }
  }
  await transfers.take({ type: "file_closed", transfer: number, outcome: "moved" });
  return Buffer.concat(parts);
}

test("a file goes out whole, part by part as it is acknowledged, once", async () => {
  const scene = begun();
  await scene.transfers.offer(new File([DATA], "notice.pdf"));
  assert.equal(scene.said[0].bytes, DATA.length);
  assert.deepEqual(await receivedBy(scene), Buffer.from(DATA));
  assert.equal(scene.transfers.all[0].outcome, "moved");
  assert.equal(scene.said.filter(({ type }) => type === "file_completed").length, 0);
});

test("a file without a byte goes out too", async () => {
  const scene = begun();
  await scene.transfers.offer(new File([], "empty"));
  const number = scene.said[0].transfer;
  await scene.transfers.take({ type: "file_received", transfer: number, bytes: 0 });
  assert.deepEqual(scene.said[1], { type: "file_completed", transfer: number, hash: hashOf("") });
});

test("a file that is too large, or is gone, is not offered at all", async () => {
  const { said, transfers } = begun();
  await transfers.offer(/** @type {any} */ ({ name: "film.mp4", size: FILE_BYTES_MAX + 1 }));
  await transfers.offer(/** @type {any} */ ({ name: "gone", size: 5, arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }));
  assert.deepEqual(transfers.all.map(({ outcome }) => outcome), ["unreadable", "too_large"]);
  assert.deepEqual(said, []);
});

test("what was cancelled while it was being read is not offered", async () => {
  const { said, transfers } = begun();
  const offered = transfers.offer(new File([DATA], "notice.pdf"));
  transfers.cancel(transfers.all[0]);
  await offered;
  assert.deepEqual(said.map(({ type }) => type), ["file_closed"]);
});

/** @param {(number: number) => any[]} messages of the agent */
async function asked(messages) {
  const { said, transfers } = begun();
  transfers.ask("the log");
  const number = said[0].transfer;
  for (const message of messages(number)) await transfers.take({ transfer: number, ...message });
  return { said, transfer: transfers.all[0] };
}

const CHOSEN = { type: "file_chosen", name: "a.log", bytes: 4 }, PART = { type: "file_part", offset: 0, data: toBase64(Uint8Array.of(1, 2, 3, 4)) };
const COMPLETED = { type: "file_completed", hash: hashOf(Uint8Array.of(1, 2, 3, 4)) };

test("a file that comes is offered to be saved once it is what left", async () => {
  const { said, transfer } = await asked(() => [CHOSEN, PART, COMPLETED]);
  assert.equal(transfer.outcome, "moved");
  assert.deepEqual(new Uint8Array(await transfer.arrived.arrayBuffer()), Uint8Array.of(1, 2, 3, 4));
  assert.equal(transfer.arrived.type, "application/octet-stream");
  assert.deepEqual(said.slice(1).map(({ type, bytes, outcome }) => bytes ?? outcome ?? type), [0, 4, "moved"]);
});

const WRONG = {
  "another hash": [CHOSEN, PART, { ...COMPLETED, hash: hashOf("") }],
  "less than was said": [CHOSEN, { ...COMPLETED, hash: hashOf("") }],
  "more than was said": [{ ...CHOSEN, bytes: 3 }, PART],
  "a gap": [CHOSEN, { ...PART, offset: 1 }],
  "a part before the choice": [PART],
  "an end before the choice": [COMPLETED],
  "another choice": [CHOSEN, { ...CHOSEN, bytes: 9 }],
};
for (const [name, messages] of Object.entries(WRONG)) {
  test(`what comes is not kept: ${name}`, async () => {
    const { said, transfer } = await asked(() => messages);
    assert.equal(transfer.outcome, "altered");
    assert.equal(transfer.arrived, undefined);
    assert.equal(said.at(-1).outcome, "altered");
  });
}

test("what is said of a transfer that is over changes nothing", async () => {
  const { said, transfer } = await asked(() => [{ type: "file_closed", outcome: "refused" }, CHOSEN, PART, COMPLETED]);
  assert.equal(transfer.outcome, "refused");
  assert.equal(said.length, 1);
});

test("a file is saved under a plain name, whatever the other side calls it", () => {
  const names = { "a.log": "a.log", "../../x": "x", "C:\\a\\b.txt": "b.txt", "\u202efdp.exe": "fdp.exe", "a\u0000b": "ab", ".hidden": "hidden", "con.txt": "_con.txt", "": "file", "a/": "file", "<b>": "_b_" };
  for (const [called, saved] of Object.entries(names)) assert.equal(safeName(called), saved);
  assert.ok(safeName("x".repeat(999)).length <= 200);
});
