/** The page's twin of protocol/, in Node.js, held to the vectors that Python is held to. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const core = new URL("../../../technician_viewer/web/core/", import.meta.url);
const load = (name) => import(new URL(name, core).href);
const vectors = JSON.parse(await readFile(new URL("../../vectors/version1.json", import.meta.url), "utf-8"));
const { ViewerHandshake } = await load("handshake.js");
const { ControlChannel } = await load("channel.js");
const { decodeFromAgent, ONCE, tidyText } = await load("messages.js");
const { encode } = await load("codec.js");
const { decodeFromRelay } = await load("relay_messages.js");
const { unwrap, wrapRelay } = await load("envelope.js");
const { MediaOpener } = await load("media.js");
const { readStreamData, VideoCodec } = await load("media_codec.js");
const { LogReader } = await load("session_log.js");
const { SignsOfLife } = await load("signs_of_life.js");
const { Arriving, isTooLong, piecesOf, plain } = await load("clipboard.js");
const { ViewerResume, meetingOf } = await load("resume.js");
const { ViewerJoin } = await load("joining.js");
const { asSecret } = await load("key_schedule.js");
const { Nodes } = await load("nodes.js");
const { parse } = await load("support_code.js");
const errors = await load("errors.js");

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Buffer.from(data).toString("hex");
const offer = { capabilities: ["view", "control"], codecs: ["zstd"], program: "page" };

function newHandshake(code = vectors.handshake.code) {
  const { root_fingerprint, viewer_nonce, viewer_scalar } = vectors.handshake;
  const randomness = { nonce: bytes(viewer_nonce), scalar: bytes(viewer_scalar) };
  return new ViewerHandshake(parse(code), bytes(root_fingerprint), offer, randomness);
}

async function shakeHands() {
  const handshake = newHandshake();
  const given = vectors.handshake;
  const [hello, share] = await handshake.receive(bytes(given.agent_hello));
  assert.equal(hex(hello), given.viewer_hello);
  assert.equal(hex(share), given.viewer_share);
  const [confirmation] = await handshake.receive(bytes(given.agent_share));
  assert.equal(hex(confirmation), given.viewer_confirmation);
  await handshake.receive(bytes(given.agent_confirmation));
  return handshake.channel;
}

test("the handshake's bytes are those of the vectors", async () => {
  const secrets = await shakeHands();
  assert.equal(hex(secrets.binding), vectors.handshake.binding);
  // The secret itself cannot be read, its meeting tells whether it is the right one.
  assert.equal(hex(await meetingOf(secrets.resume)), vectors.resume.meeting);
});

async function secretOf(hexText) { return asSecret(bytes(hexText)); }

async function comeBack() {
  const given = vectors.resume;
  const secrets = await Promise.all(given.secrets.map(secretOf));
  const position = { received: given.received, isEmpty: false, entries: given.entries, lastHash: bytes(given.last_hash) };
  const viewer = new ViewerResume(secrets, position, { nonce: bytes(given.nonce), scalar: bytes(given.scalar) });
  assert.equal(hex(await viewer.hello()), given.hello);
  return viewer;
}

test("a resume's bytes are those of the vectors, and what was lost comes again", async () => {
  const viewer = await comeBack();
  const channel = new ControlChannel(await shakeHands());
  await channel.open(bytes(vectors.from_agent[0].record));
  const [confirmation] = await viewer.receive(bytes(vectors.resume.answer));
  assert.equal(hex(confirmation), vectors.resume.confirmation);
  assert.equal(hex(viewer.channel.binding), vectors.resume.binding);
  assert.equal(hex(await meetingOf(viewer.channel.resume)), hex(await meetingOf(await secretOf(vectors.resume.next_secret))));
  // What to come back with next: the new secret, and the one that the agent answered with.
  const held = await Promise.all(viewer.secrets.map(meetingOf));
  assert.deepEqual(held.map(hex), [hex(await meetingOf(viewer.channel.resume)), vectors.resume.meeting]);
  channel.renew(viewer.channel, viewer.agentReceived);
  assert.deepEqual(channel.again(), []);
  const again = [];
  for (const record of vectors.resume.sent_again) again.push(await channel.open(bytes(record)));
  const lost = vectors.from_agent.slice(1).map(({ message }) => message);
  assert.deepEqual(again, lost.filter(({ type }) => !ONCE.has(type)));
});

test("nothing is read of the chat that is not a text, and whatever is typed becomes one", () => {
  const said = (text) => decodeFromAgent(encode({ type: "chat_said", entry: 3, participant: "", name: "", at_ms: 5, text }));
  assert.equal(said("é 😀\nb").text, "é 😀\nb");
  assert.equal(said("😀".repeat(1000)).text.length, 2000);
  for (const text of ["", " \n ", "\u0007", "a\tb", "\u202egnp.exe", "\u200f", "\u2066a", "\ufeff", "a\u2028b", "a".repeat(1001), "a".repeat(2 ** 20)]) {
    assert.throws(() => said(text), errors.RemoteProtocolError, JSON.stringify(text.slice(0, 10)));
  }
  assert.equal(tidyText(" \u202eevil\u0007\tZ\u0301\nb\r\n"), "evil  Ź\nb");
});

test("an altered answer resumes nothing", async () => {
  for (const field of ["nonce", "share", "tag"]) {
    const viewer = await comeBack();
    const answer = JSON.parse(Buffer.from(bytes(vectors.resume.answer)).toString());
    const raw = Buffer.from(answer[field], "base64");
    raw[3] ^= 1;
    const altered = Buffer.from(JSON.stringify({ ...answer, [field]: raw.toString("base64") }));
    await assert.rejects(viewer.receive(Uint8Array.from(altered)), errors.NotAuthentic, field);
    assert.equal(viewer.channel, undefined);
  }
});

test("reliable messages are said again after a cut, input is not", async () => {
  const secrets = await shakeHands();
  const channel = new ControlChannel(secrets);
  for (const type of ["control_given_back", "input_released", "key_picture_asked"]) await channel.seal({ type });
  channel.renew(secrets, 0);
  assert.equal(channel.again().length, 2);
  channel.sayLater({ type: "left" });
  channel.sayLater({ type: "input_released" });
  channel.renew(secrets, 1);
  assert.equal(channel.again().length, 2);
  assert.throws(() => channel.renew(secrets, 0), errors.RemoteProtocolError);
  assert.throws(() => channel.renew(secrets, 4), errors.RemoteProtocolError);
});

test("joining's bytes are those of the vectors, and only the agent's own key opens the door", async () => {
  const given = vectors.join;
  const randomness = { nonce: bytes(given.nonce), scalar: bytes(given.scalar) };
  const one = { capabilities: ["view"], codecs: ["zstd"], program: "page" };
  const viewer = new ViewerJoin(given.session, bytes(given.joining_key), one, randomness);
  assert.equal(hex(await viewer.hello()), given.hello);
  const [confirmation] = await viewer.receive(bytes(given.answer));
  assert.equal(hex(confirmation), given.confirmation);
  assert.equal(hex(viewer.channel.binding), given.binding);
  const elsewhere = new ViewerJoin(given.session, bytes(vectors.resume.nonce), one, randomness);
  await elsewhere.hello();
  await assert.rejects(elsewhere.receive(bytes(given.answer)), errors.NotAuthentic);
});

test("an altered hello or another code gives no channel", async () => {
  for (const [code, hello] of [["41703 cerise violette", "agent_hello"], ["41703 autre mots", "agent_hello"]]) {
    const handshake = newHandshake(code);
    await handshake.receive(bytes(vectors.handshake[hello]));
    await handshake.receive(bytes(vectors.handshake.agent_share));
    const last = handshake.receive(bytes(vectors.handshake.agent_confirmation));
    if (code.includes("violette")) await last;
    else await assert.rejects(last, errors.WrongSupportCode);
  }
  const altered = bytes(vectors.handshake.agent_hello);
  altered[altered.length - 4] ^= 1;
  await assert.rejects(newHandshake().receive(altered), errors.RemoteProtocolError);
});

test("control records are sealed and opened as in the vectors", async () => {
  const channel = new ControlChannel(await shakeHands());
  for (const { message, record } of vectors.from_agent) assert.deepEqual(await channel.open(bytes(record)), message);
  const fresh = new ControlChannel(await shakeHands());
  for (const { message, record } of vectors.from_viewer) assert.equal(hex(await fresh.seal(message)), record);
});

test("a control record that is altered or repeated is refused", async () => {
  const channel = new ControlChannel(await shakeHands());
  const record = bytes(vectors.from_agent[0].record);
  await channel.open(record);
  await assert.rejects(channel.open(record), errors.NotAuthentic);
});

test("media records give their parts, once and in order", async () => {
  const opener = new MediaOpener();
  await opener.startEpoch(1, bytes(vectors.media.key), 0);
  const parts = await opener.open(unwrap(bytes(vectors.media.envelope)));
  const types = ["screens", "rectangle", "rectangle", "pointer", "copy", "video", "video ended", "picture"];
  assert.deepEqual(parts.map((part) => part.type), types);
  assert.equal(parts[0].screens[0].name, "Écran");
  assert.deepEqual([...parts[1].data], [...Buffer.from("data")]);
  const piece = readStreamData(parts[2].data);
  assert.deepEqual({ ...piece, data: Buffer.from(piece.data).toString() }, { begins: true, hasMore: false, data: "data" });
  assert.deepEqual(parts[4], { type: "copy", screen: 0, fromX: 1, fromY: 2, x: 3, y: 4, width: 5, height: 6 });
  const { data, ...video } = parts[5];
  assert.equal(Buffer.from(data).toString(), "data");
  const place = { screen: 0, x: 1, y: 2, width: 4, height: 6 };
  assert.deepEqual(video, { type: "video", stream: 3, ...place, codec: VideoCodec.H264_444, isKey: true, hasMore: true });
  assert.deepEqual(parts[6], { type: "video ended", stream: 3 });
  assert.deepEqual(parts[7], { type: "picture", number: 1, isKey: true, isExact: false, atMs: 1_700_000_000_000 });
  await assert.rejects(opener.open(unwrap(bytes(vectors.media.envelope))), errors.RemoteProtocolError);
});

test("a media record may be decrypted before its turn, and is read in its turn all the same", async () => {
  const opener = new MediaOpener(), envelope = unwrap(bytes(vectors.media.envelope));
  assert.equal(opener.prepare(envelope), undefined, "its key is not there yet");
  await opener.startEpoch(1, bytes(vectors.media.key), 0);
  const [prepared, twice] = [opener.prepare(envelope), opener.prepare(envelope)];
  assert.equal((await opener.open(envelope, prepared)).length, 8);
  await assert.rejects(opener.open(envelope, twice), errors.RemoteProtocolError);
  const again = new MediaOpener();
  await again.startEpoch(1, bytes(vectors.media.key), 0);
  const altered = bytes(vectors.media.envelope);
  altered[altered.length - 1] ^= 1;
  const record = unwrap(altered);
  await assert.rejects(again.open(record, again.prepare(record)), errors.NotAuthentic);
});

test("the key of an epoch that overtakes what was sealed before it counts from its first record on", async () => {
  const opener = new MediaOpener(), envelope = unwrap(bytes(vectors.media.envelope));
  await opener.startEpoch(envelope.epoch, bytes(vectors.media.key), 0);
  await opener.startEpoch(envelope.epoch + 1, new Uint8Array(32), 1);
  await assert.rejects(opener.startEpoch(envelope.epoch + 1, new Uint8Array(32), 1), errors.RemoteProtocolError);
  assert.equal((await opener.open(envelope, opener.prepare(envelope))).length, 8);
  const next = await sealed(new Uint8Array(32), envelope.epoch + 1, 1);
  assert.deepEqual(await opener.open(next, opener.prepare(next)), []);
  await assert.rejects(opener.open(envelope), errors.RemoteProtocolError);
});

test("what is of an epoch that has not begun has to be its first record", async () => {
  const opener = new MediaOpener(), key = new Uint8Array(32);
  await opener.startEpoch(1, bytes(vectors.media.key), 0);
  await opener.startEpoch(2, key, 0);
  await assert.rejects(opener.open(await sealed(key, 2, 1)), errors.RemoteProtocolError);
});

/** A record to all that holds nothing but padding. */
async function sealed(key, epoch, counter) {
  const header = new Uint8Array(16), iv = new Uint8Array(12);
  header[0] = 4;
  new DataView(header.buffer).setUint32(4, epoch);
  new DataView(header.buffer).setBigUint64(8, BigInt(counter));
  new DataView(iv.buffer).setBigUint64(4, BigInt(counter));
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const plain = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: header }, aes, new Uint8Array(256));
  return unwrap(Uint8Array.of(...header, ...new Uint8Array(plain)));
}

test("a viewer that says nothing else pings, more seldom at rest, and never while it holds something down", () => {
  const signs = new SignsOfLife();
  let now = 1000;
  const pings = (ticks, everyMs = 500, isWoken = false) => Array.from({ length: ticks }, () => signs.isDue((now += everyMs), isWoken)).filter(Boolean).length;
  assert.equal(pings(10), 9);
  assert.equal(pings(40, 2400), 40);
  assert.equal(pings(40, 1200, true), 20, "every second sign of the agent is answered");
  signs.said({ type: "key_changed", code: "KeyA", is_down: true });
  assert.equal(pings(41), 40);
  signs.said({ type: "pointer_button", button: 0, is_down: true });
  signs.said({ type: "pointer_button", button: 0, is_down: false });
  assert.equal(pings(41), 40, "the key is still down");
  signs.said({ type: "input_released" });
  assert.equal(pings(11), 9);
  signs.said({ type: "head_signed", note: "" });
  assert.equal(pings(10, 2400), 10);
  signs.said({ type: "picture_shown", picture: 1 });
  assert.equal(pings(3, 1200, true), 1, "where a browser lets nobody ask, an answer is enough");
});

test("what the relay says is read, and what it may not say is refused", () => {
  const [opened, arrived] = vectors.relay.map((each) => unwrap(bytes(each)));
  assert.equal(decodeFromRelay(opened.content).room, "41703");
  assert.equal(decodeFromRelay(arrived.content).attempt, 1);
  for (const text of ['{"type":"unknown"}', '{"attempt":4,"type":"candidate_arrived"}', '{"type": "candidate_left"}', "[]", ""]) {
    const { content } = unwrap(wrapRelay(Buffer.from(text)));
    assert.throws(() => decodeFromRelay(content), errors.RemoteProtocolError, text);
  }
});

test("the log is followed, and a head signed only when it agrees", async () => {
  const keys = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const agentKey = new Uint8Array(Buffer.from(JSON.parse(vectors.log.entries[0]).event.agent_key, "base64"));
  const reader = new LogReader();
  for (const entry of vectors.log.entries) await reader.add(entry);
  const signed = await reader.countersign(vectors.log.head, agentKey, keys, 1000);
  assert.ok(signed.startsWith(vectors.log.head) && signed.includes("\n— technician "));
  const short = new LogReader();
  for (const entry of vectors.log.entries.slice(0, 2)) await short.add(entry);
  await assert.rejects(short.countersign(vectors.log.head, agentKey, keys, 1000), errors.LogTampered);
  await assert.rejects(new LogReader().add(vectors.log.entries[1]), errors.LogTampered);
});

test("the computer is described once, and only to somebody who may see", async () => {
  const reader = new LogReader();
  for (const entry of vectors.log.described) await reader.add(entry);
  for (const [why, entries] of Object.entries(vectors.log.misplaced)) {
    const followed = new LogReader(), last = entries.at(-1);
    for (const entry of entries.slice(0, -1)) await followed.add(entry);
    await assert.rejects(followed.add(last), errors.LogTampered, why);
    assert.equal(followed.position.entries, entries.length - 1, why);
  }
  const told = vectors.log.described[3];
  for (const [what, instead] of [['"wayland"', '"quartz"'], ['"cores":12', '"cores":-1'], ['"width_px":1920', '"width_px":0'], ['"cores":12', '"cores":12,"serial":"1"']]) {
    assert.ok(told.includes(what));
    const changed = new LogReader();
    for (const entry of vectors.log.described.slice(0, 3)) await changed.add(entry);
    await assert.rejects(changed.add(told.replace(what, instead)), errors.RemoteProtocolError, instead);
  }
});

test("what is said of files is read and written as in the vectors", async () => {
  const { decodeFromAgent } = await load("messages.js"), { encodeText } = await load("codec.js"), { utf8 } = await load("bytes.js");
  for (const said of vectors.files.from_agent) assert.equal(encodeText(decodeFromAgent(utf8(said))), said);
  for (const said of vectors.files.from_viewer) assert.equal(encodeText(JSON.parse(said)), said);
  const part = vectors.files.from_agent.find((said) => said.includes("file_part"));
  assert.throws(() => decodeFromAgent(utf8(part.replace('"offset":5', '"offset":67108865'))), errors.RemoteProtocolError);
  assert.throws(() => decodeFromAgent(utf8(part.replace(/"data":"[^"]*"/, '"data":""'))), errors.RemoteProtocolError);
});

test("as much of a file is on its way as in the vectors", async () => {
  const { FilePace } = await load("file_pace.js"), pace = new FilePace();
  for (const { at_ms: atMs, sent, acknowledged } of vectors.files.pace) {
    if (sent) {
      assert.equal(pace.nextBytes, sent);
      pace.send(sent, atMs / 1000);
    } else if (acknowledged) {
      assert.equal(pace.nextBytes, 0);
      assert.ok(pace.acknowledge(acknowledged, atMs / 1000));
    } else pace.beginAnew(atMs / 1000);
  }
});

test("the limits are the same in both languages", async () => {
  for (const [name, value] of Object.entries(await load("limits.js"))) assert.equal(value, vectors.limits[name], name);
});

test("the published CPace vectors hold", async (context) => {
  const file = new URL("../../../../shared/vectors/cpace_x25519_vectors.json", import.meta.url);
  const published = await readFile(file, "utf-8").then(JSON.parse, () => undefined);
  if (!published) return context.skip("no ../shared/vectors beside the repository");
  const cpace = await load("cpace.js");
  const given = Object.fromEntries(["PRS", "CI", "sid", "ya", "yb", "ADa", "ADb"].map((name) => [name, bytes(published.inputs[name])]));
  const base = await cpace.generator(given.PRS, given.CI, given.sid);
  assert.equal(hex(base), published.expected.g);
  const [ya, yb] = [await cpace.multiply(given.ya, base), await cpace.multiply(given.yb, base)];
  assert.deepEqual([hex(ya), hex(yb)], [published.expected.Ya, published.expected.Yb]);
  const point = await cpace.multiply(given.ya, yb);
  const key = await cpace.intermediateKey(given.sid, point, cpace.transcript(ya, given.ADa, yb, given.ADb));
  assert.equal(hex(key), published.expected.ISK_IR);
  for (const { u, q, must_abort, name } of published.scalar_mult_vfy.cases) {
    const product = cpace.multiply(bytes(published.scalar_mult_vfy.s), bytes(u));
    if (must_abort) await assert.rejects(product, errors.NotAuthentic, name);
    else assert.equal(hex(await product), q, name);
  }
});

test("an invitation gives the agent's joining key only when root, issuer, agent and first technician vouch for it", async () => {
  const { verifyInvitation } = await load("invitation.js");
  const given = vectors.invitation;
  const known = { fingerprint: bytes(given.fingerprint), session: given.session, key: bytes(given.key) };
  const offered = {
    document: given.document, certificate: given.certificate, firstCertificate: given.first_certificate, entries: given.entries,
    heads: [given.head_of_agent, given.head_of_both],
  };
  assert.equal(hex(await verifyInvitation(offered, known, given.now)), given.joining_key);
  const otherKey = given.entries.map((entry) => entry.replace(/"joining_key":"AAEC/, '"joining_key":"BAEC'));
  const refusals = [
    ["another root", errors.NotCertified, {}, { fingerprint: bytes(given.key) }],
    ["a later time", errors.NotCertified, {}, {}, given.now + 3600 + 121],
    ["somebody else's key", errors.NotCertified, {}, { key: bytes(given.fingerprint) }],
    ["another session", errors.NotCertified, {}, { session: "f".repeat(32) }],
    ["a certificate signed by the root", errors.RemoteProtocolError, { firstCertificate: given.document }, {}],
    ["an altered name", errors.NotCertified, { certificate: given.certificate.replace("Martin", "Martim") }, {}],
    ["another first technician", errors.LogTampered, { firstCertificate: given.certificate }, {}],
    ["another joining key", errors.LogTampered, { entries: otherKey }, {}],
    ["only the agent's signature", errors.LogTampered, { heads: [given.head_of_agent] }, {}],
    ["no entries", errors.LogTampered, { entries: [] }, {}],
  ];
  for (const [why, error, otherOffer, otherKnown, now = given.now] of refusals) {
    await assert.rejects(verifyInvitation({ ...offered, ...otherOffer }, { ...known, ...otherKnown }, now), error, why);
  }
});

test("what is in the log of sessions is proven by log, witnesses and tree together", async () => {
  const { checkGrowth, trustIn, verifyCheckpoint, verifyLogged } = await load("log_of_sessions.js");
  const given = vectors.log_of_sessions;
  const document = { log_keys: given.log_keys, witnesses: given.witnesses, witness_quorum: 2 };
  const trust = trustIn(document, given.fingerprint);
  for (const [index, logged] of given.logged.entries()) {
    const { leaf, checkpoint } = await verifyLogged(logged, trust);
    assert.equal(leaf.type, JSON.parse(logged.leaf).type);
    assert.deepEqual([logged.index, checkpoint.size, checkpoint.cosignedBy.length, checkpoint.cosignedBy[0].atS], [index, 5, 2, 1000]);
  }
  const [logged, other] = given.logged;
  const older = await verifyCheckpoint(given.older, { ...trust, quorum: 0 });
  const { checkpoint } = await verifyLogged(logged, trust);
  await checkGrowth(older, checkpoint, given.growth);
  const flipped = (/** @type {string} */ hash) => (hash[0] === "A" ? "B" : "A") + hash.slice(1);
  const refusals = [
    ["another log", errors.NotLogged, {}, { origin: "mainforte/sessions/other" }],
    ["another log key", errors.NotLogged, {}, { logKeys: [given.witnesses[0].key] }],
    ["more witnesses", errors.NotLogged, {}, { quorum: 3 }],
    ["other witnesses", errors.NotLogged, {}, { witnesses: given.witnesses.slice(1) }],
    ["another leaf", errors.LogTampered, { leaf: other.leaf }, {}],
    ["another place", errors.LogTampered, { index: 1 }, {}],
    ["a place beyond the end", errors.LogTampered, { index: 5 }, {}],
    ["a bit of the proof", errors.LogTampered, { hashes: logged.hashes.map(flipped) }, {}],
    ["one hash less", errors.LogTampered, { hashes: logged.hashes.slice(1) }, {}],
    ["one hash more", errors.LogTampered, { hashes: [...logged.hashes, logged.hashes[0]] }, {}],
    ["the older tree", errors.NotLogged, { checkpoint: given.older }, {}],
    ["no note", errors.RemoteProtocolError, { checkpoint: "nothing" }, {}],
    ["no leaf", errors.RemoteProtocolError, { leaf: "{}" }, {}],
  ];
  for (const [why, error, otherLogged, otherTrust] of refusals) {
    await assert.rejects(verifyLogged({ ...logged, ...otherLogged }, { ...trust, ...otherTrust }), error, why);
  }
  await assert.rejects(checkGrowth(checkpoint, older, given.growth), errors.LogTampered, "a log that was shortened");
  await assert.rejects(checkGrowth({ ...older, root: checkpoint.root }, checkpoint, given.growth), errors.LogTampered, "another beginning");
  await assert.rejects(checkGrowth(older, checkpoint, given.growth.slice(1)), errors.LogTampered, "half a proof");
});

test("the published Merkle trees and signed notes are judged as published", async (context) => {
  const folder = new URL("../../../../shared/vectors/", import.meta.url);
  const read = (/** @type {string} */ name) => readFile(new URL(name, folder), "utf-8").then(JSON.parse, () => undefined);
  const [trees, notes] = [await read("rfc6962_merkle_vectors.json"), await read("signed_note_vectors.json")];
  if (!trees || !notes) return context.skip("no ../shared/vectors beside the repository");
  const { leafHash, nodeHash, verifyConsistency, verifyInclusion } = await load("merkle.js");
  const { isSignedBy, parseNote } = await load("signed_note.js");
  const base64 = (/** @type {string} */ text) => Uint8Array.from(Buffer.from(text, "base64"));
  const proofOf = (/** @type {any} */ each) => (each.proof ?? []).map(base64);
  assert.equal(hex(await leafHash(new Uint8Array())), trees.hash_vectors.leaf_empty);
  assert.equal(hex(await nodeHash(Buffer.from("N123"), Buffer.from("N456"))), trees.hash_vectors.node_N123_N456);
  const judged = [
    ...trees.inclusion.map((/** @type {any} */ each) => [each, () => verifyInclusion(base64(each.leafHash), each.leafIdx, proofOf(each), each.treeSize, base64(each.root))]),
    ...trees.consistency.map((/** @type {any} */ each) => [each, () => verifyConsistency(each.size1, base64(each.root1), each.size2, base64(each.root2), proofOf(each))]),
  ];
  assert.equal(judged.length, 196);
  for (const [each, attempt] of judged) {
    if (each.wantErr) await assert.rejects(attempt, errors.LogTampered, each.desc);
    else await attempt();
  }
  for (const { vkey, note } of notes.cases) {
    const [name, , encoded] = vkey.split("+");
    const key = base64(encoded).slice(1);
    assert.equal(await isSignedBy(parseNote(note), name, key), true);
    assert.equal(await isSignedBy(parseNote(note.replace("example message", "other message")), name, key), false);
    assert.equal(await isSignedBy(parseNote(note), "example.com/bar", key), false);
  }
});
// --- recordings ---

const hpke = await load("hpke.js");
const { RecordingKey, openRecordingKey, readSeals, sealFor } = await load("recording_keys.js");
const { checkRecords, recordingOf } = await load("recording.js");

/** @param {Uint8Array} scalar */
async function x25519(scalar) {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), scalar]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "X25519", true, ["deriveBits"]);
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "X25519", x }, "X25519", true, []);
  return { privateKey, publicKey };
}
const base64 = (hexText) => Buffer.from(hexText, "hex").toString("base64");
const recorded = vectors.recording;
const auditor = await x25519(bytes(recorded.auditor_scalar));
const epochSaid = { ...recorded.epoch, commitment: base64(recorded.epoch.commitment), wrapped: base64(recorded.epoch.wrapped) };

test("HPKE opens what another implementation sealed", async (context) => {
  const file = new URL("../../../../shared/vectors/hpke_mlkem_interop_sample.json", import.meta.url);
  const sample = await readFile(file, "utf-8").then(JSON.parse, () => undefined);
  if (!sample) return context.skip("no ../shared/vectors beside the repository");
  assert.equal(hex(await hpke.open(bytes(sample.ct), await x25519(bytes(sample.sk)), bytes(sample.info))), sample.pt);
});

test("HPKE opens what it seals itself, and nothing that was altered", async () => {
  const keys = auditor;
  const publicBytes = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const sealed = await hpke.seal(bytes("0102"), publicBytes, bytes("03"));
  assert.equal(hex(await hpke.open(sealed, keys, bytes("03"))), "0102");
  const altered = Uint8Array.from(sealed, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  for (const [data, info] of [[altered, "03"], [sealed, "04"], [sealed.subarray(0, 20), "03"], [sealed.subarray(0, 34), "03"]]) {
    await assert.rejects(hpke.open(data, keys, bytes(info)), errors.NotAuthentic);
  }
});

test("an auditor opens the recording key, its epoch, and what lies beside an entry", async () => {
  const seals = readSeals(Buffer.from(recorded.seals), recorded.session);
  const raw = await openRecordingKey(seals, auditor, bytes(recorded.key_commitment));
  assert.equal(hex(raw), recorded.recording_key);
  const key = await RecordingKey.from(recorded.session, raw);
  assert.equal(hex(await key.unwrap(epochSaid)), recorded.epoch.key);
  assert.equal(new TextDecoder().decode(await key.openContent(bytes(recorded.content.sealed))), recorded.content.plain);
});

test("a seal for somebody else, of another session, or to another key opens nothing", async () => {
  const seals = readSeals(Buffer.from(recorded.seals), recorded.session);
  const commitment = bytes(recorded.key_commitment);
  const stranger = await x25519(new Uint8Array(32).fill(9));
  await assert.rejects(openRecordingKey(seals, stranger, commitment), errors.NotForThisKey);
  await assert.rejects(openRecordingKey({ ...seals, session: "f".repeat(32) }, auditor, commitment), errors.NotAuthentic);
  await assert.rejects(openRecordingKey(seals, auditor, new Uint8Array(32)), errors.LogTampered);
  assert.throws(() => readSeals(Buffer.from(recorded.seals), "f".repeat(32)), errors.RemoteProtocolError);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", stranger.publicKey));
  const passedOn = { ...seals, seals: [await sealFor(recorded.session, bytes(recorded.recording_key), publicKey)] };
  assert.equal(hex(await openRecordingKey(passedOn, stranger, commitment)), recorded.recording_key);
});

test("an epoch that was tampered with does not open", async () => {
  const key = await RecordingKey.from(recorded.session, bytes(recorded.recording_key));
  for (const change of [{ epoch: 2 }, { commitment: base64("00".repeat(32)) }, { wrapped: base64("00".repeat(48)) }]) {
    await assert.rejects(key.unwrap({ ...epochSaid, ...change }), errors.LogTampered);
  }
});

test("a segment is held against its entry", async () => {
  const data = bytes(recorded.segment.data);
  const said = {
    segment: 0, epoch: 1, is_key: true, first: 0, next: 1, records: 2, bytes: data.length, began_ms: 0, ended_ms: 0,
    hash: base64(recorded.segment.hash),
  };
  assert.deepEqual((await checkRecords(said, data)).map((record) => record.audience), [2, 0]);
  await assert.rejects(checkRecords(said, data.slice(1)), errors.LogTampered);
  await assert.rejects(checkRecords({ ...said, next: 2 }, data), errors.LogTampered);
  await assert.rejects(checkRecords({ ...said, epoch: 2 }, data), errors.LogTampered);
  const log = (...events) => events.map((event, number) => ({ number, event }));
  const began = { type: "epoch_began", ...epochSaid, first: 0 };
  assert.equal(recordingOf(log(began, { type: "segment_closed", ...said })).segments.length, 1);
  assert.throws(() => recordingOf(log({ type: "segment_closed", ...said })), errors.LogTampered);
  assert.throws(() => recordingOf(log({ ...began, wrapped: "" }, { type: "segment_closed", ...said })), errors.LogTampered);
  assert.throws(() => recordingOf(log(began, { type: "segment_closed", ...said, segment: 1 })), errors.LogTampered);
});

test("a recording is played from a key picture on, and only with its own key", async () => {
  const { Playback } = await import(new URL("../session/playback.js", core).href);
  const data = bytes(recorded.segment.data);
  const closed = {
    type: "segment_closed", segment: 0, epoch: 1, is_key: true, first: 0, next: 1, records: 2, bytes: data.length, began_ms: 10, ended_ms: 20,
    hash: base64(recorded.segment.hash),
  };
  const log = [{ type: "epoch_began", ...epochSaid, first: 0 }, closed].map((event, number) => ({ number, event }));
  const key = await RecordingKey.from(recorded.session, bytes(recorded.recording_key));
  const playback = new Playback(log, key);
  assert.deepEqual([playback.firstFor(0), playback.firstFor(15)], [0, 0]);
  const [moment, ...others] = await playback.moments(0, data);
  assert.deepEqual(others, []);
  assert.deepEqual([moment.number, moment.atMs, moment.parts.map((part) => part.type)], [1, 1_700_000_000_000, ["screens", "picture"]]);
  await assert.rejects(playback.moments(1, data), RangeError);
  await assert.rejects(playback.moments(0, data.slice(1)), errors.LogTampered);
  const stranger = new Playback(log, await RecordingKey.from(recorded.session, new Uint8Array(32)));
  await assert.rejects(stranger.moments(0, data), errors.LogTampered);
  const hidden = log.map(({ number, event }) => ({ number, event: event === closed ? { ...closed, is_key: false } : event }));
  const headless = new Playback(hidden, key);
  assert.equal(headless.firstFor(15), -1);
  await assert.rejects(headless.moments(0, data), RangeError);
});

test("a viewer looks for the agent where Python does", () => {
  for (const { first, origins, steps, here } of vectors.nodes) {
    const nodes = new Nodes(first, origins);
    let nowMs = 0;
    const seen = steps.map(([step, waitMs]) => {
      nowMs += waitMs;
      if (step === "go_on") nodes.goOn();
      else if (step === "met") nodes.met();
      else if (step === "cut") nodes.cut();
      else if (nodes.isTimeToGoOn(nowMs)) nodes.goOn();
      return nodes.here;
    });
    assert.deepEqual(seen, here);
  }
});

test("a text for the clipboard travels as at the other end, in the same pieces", () => {
  for (const { text, plain: expected, pieces } of vectors.clipboard) {
    assert.equal(plain(text), expected);
    assert.deepEqual(piecesOf(expected), pieces);
  }
  assert.equal(plain("\ud83d half a character"), "\ufffd half a character");
  assert.ok(!isTooLong("é".repeat(32768)));
  assert.ok(isTooLong(`${"é".repeat(32768)}a`));
});

test("a fetched text is there when its last piece is, and what a loss left over is not", () => {
  const arriving = new Arriving(), piece = (number, text) => arriving.add({ number, pieces: 2, text });
  assert.equal(piece(0, "a"), undefined);
  assert.equal(piece(1, "b"), "ab");
  assert.equal(piece(1, "b"), undefined);
  assert.equal(piece(0, "c"), undefined);
  assert.equal(piece(0, "d"), undefined);
  assert.equal(piece(1, "e"), "de");
  assert.equal(piece(0, "x".repeat(40000)), undefined);
  assert.throws(() => piece(1, "x".repeat(40000)));
});
