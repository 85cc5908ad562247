/** One session: why it is looked at, what its evidence is worth, its recording, its timeline, its notes, and all that happened. */
import { _ } from "../catalogue.js";
import { NotForThisKey, ProtocolError } from "../core/errors.js";
import { deviceFacts } from "../device.js";
import { button, clock, element, get, input } from "../dom.js";
import { RemoteScreen } from "../screen/remote_screen.js";
import { Playback } from "../session/playback.js";
import { Evidence } from "./evidence.js";
import { deletionText, HandlingView } from "./handling_view.js";
import { lanesOf } from "./lanes.js";
import { Player } from "./player.js";
import { PlayerView } from "./player_view.js";
import { TimelineView } from "./timeline_view.js";
import { entryText, missingText } from "./words.js";

export class CaseView {
  /** @type {Evidence | undefined} */
  evidence;
  session = "";
  reason = "";
  /** @type {{ fromMs: number, toMs: number, lanes: import("./lanes.js").Lane[] } | undefined} */
  #timeline;
  /** @type {RemoteScreen | undefined} */
  #screen;
  /** When what was looked for happened; nothing where nobody looks for anything. @type {number[] | undefined} */
  #found;

  /**
   * @param {import("../screen/wasm.js").Wasm} wasm @param {Promise<import("../screen/abilities.js").Abilities>} abilities
   * @param {import("./api.js").AuditApi} api
   * @param {{ root: () => string, key: () => import("./key_file.js").OpenedKey | undefined, say: (error: unknown) => void, language: () => string }} room
   */
  constructor(wasm, abilities, api, room) {
    this.wasm = wasm;
    this.abilities = abilities;
    this.api = api;
    this.room = room;
    this.player = new PlayerView({
      startMs: () => this.#timeline?.fromMs ?? 0,
      onTime: (atMs, words) => this.timeline.at(atMs, words),
      nextMark: (afterMs) => this.#marks().find((atMs) => atMs > afterMs),
    });
    this.timeline = new TimelineView((atMs) => void this.player.player?.seek(atMs));
    element("reason-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.#try(() => this.#look());
    };
    this.handling = new HandlingView(api, { attempt: (what) => this.#try(what), language: room.language });
    input("search").oninput = () => this.#find();
    button("export").onclick = () => void this.#try(() => this.#export());
  }

  /** @param {string} session */
  async show(session) {
    this.player.hide();
    this.session = session;
    this.evidence = undefined;
    get("case").hidden = true;
    get("reason-form").hidden = false;
    input("search").value = "";
    get("case-title").textContent = _("Session {session}", { session: session.slice(0, 8) });
    get("case-subject").textContent = "";
    get("case-title").focus();
  }

  /** @param {() => Promise<void>} what */
  async #try(what) {
    try {
      await what();
    } catch (error) {
      if (error instanceof ProtocolError) this.#verdict("problem", "✕ " + _("Altered: {why}", { why: error.message }));
      else this.room.say(error);
    }
  }

  async #look() {
    this.reason = element("reason", HTMLTextAreaElement).value.trim();
    const told = await this.api.watch(this.session, this.reason);
    const logged = await this.api.logged(this.session);
    get("reason-form").hidden = true;
    get("case").hidden = false;
    get("missing").replaceChildren();
    const evidence = this.evidence = await Evidence.read(told, logged, this.room.root());
    const { ticket, subject, technician } = evidence.opened;
    get("case-title").textContent = _("Ticket {ticket}, {name}", { ticket, name: technician });
    get("case-subject").textContent = `${subject} · ${new Date(evidence.entries[0]?.at_ms ?? 0).toLocaleString(this.room.language(), { dateStyle: "long", timeStyle: "medium" })}`;
    this.#showDevice(evidence);
    this.handling.show(this.session, logged.hold, evidence);
    element("pass-on-one", HTMLAnchorElement).href = `#pass-on=${this.session}`;
    await this.openWithKey();
  }

  /** Go on once a key is there: it opens the recording and the notes. */
  async openWithKey() {
    const { evidence } = this, keys = this.room.key()?.keys;
    if (!evidence) return;
    const isRecorded = evidence.recording.segments.length > 0;
    // Names of files are sealed also where nothing was recorded.
    const isSealed = evidence.entries.some(({ event }) => event.type === "key_sealed");
    get("case-key").hidden = !isSealed || keys !== undefined;
    get("no-recording").hidden = isRecorded;
    get("no-recording").textContent = _("This session was not recorded.");
    get("pass-on-one").hidden = !isRecorded || !keys || evidence.deleted !== undefined;
    await this.#try(async () => {
      if (isSealed && keys) await this.#open(evidence, keys);
      this.#listSteps();
      this.#showTimeline(evidence);
      this.#find();
      this.#showVerdict(evidence);
    });
  }

  /** @param {Evidence} evidence @param {CryptoKeyPair} keys */
  async #open(evidence, keys) {
    let key;
    try {
      key = await evidence.openWith(keys);
    } catch (error) {
      if (!(error instanceof NotForThisKey)) throw error;
      get("no-recording").hidden = false;
      get("no-recording").textContent = _("This recording was not sealed for your key. An auditor for whom it was can pass it on to you.");
      return;
    }
    if (!key) {
      get("no-recording").hidden = false;
      get("no-recording").textContent = evidence.deleted ? deletionText(evidence.deleted) : _("What opens the recording is missing: it was deleted, or never kept.");
      return;
    }
    if (!evidence.recording.segments.length) return;
    this.#screen?.close();
    const screen = this.#screen = new RemoteScreen(element("screen", HTMLCanvasElement), element("pointer", HTMLCanvasElement), this.wasm, {
      onScreens: () => undefined,
      onShown: () => screen.placePointer(),
      onBroken: () => void player.mend(),
    });
    screen.drawing = (await this.abilities).drawing;
    const player = new Player(screen, () => new Playback(evidence.entries, key), (number) => this.api.segment(this.session, number), {
      onTime: () => this.player.time(),
      onInput: (applied) => this.player.input(applied),
      onGap: (segment) => this.room.say(_("Piece {segment} of the recording is missing. It goes on with the next complete picture.", { segment })),
      onBroken: (error) => void this.#try(() => Promise.reject(error)),
      onEnd: () => this.player.time(),
    });
    this.player.show(player);
    await player.seek(player.startMs);
  }

  /** @param {Evidence} evidence */
  #showDevice({ entries, opened }) {
    const told = entries.find(({ event }) => event.type === "device_described")?.event;
    get("device-card").hidden = !told;
    get("device-facts").replaceChildren(...(told ? deviceFacts(told, opened.agent_version) : []));
  }

  /** @param {Evidence} evidence */
  #showTimeline(evidence) {
    const timeline = this.#timeline = lanesOf(evidence);
    this.timeline.show(timeline, (mark) => {
      const entry = evidence.entries[mark.entry];
      const time = clock((mark.atMs - timeline.fromMs) / 1000);
      const told = mark.what === "note" || mark.what === "mark" ? mark.text || _("Moment marked") : mark.what === "said" ? this.#saidText(mark) : entry ? this.#entryText(entry) : "";
      const moved = mark.what === "clipboard_put" || mark.what === "clipboard_read" ? mark.text : "";
      return `${time}  ${told || _("Input of the technician")}${moved ? `\n${moved}` : ""}`;
    });
    this.player.time();
  }

  /** @param {Evidence} evidence */
  #showVerdict(evidence) {
    if (evidence.missing.length === 0) this.#verdict("complete", "✓ " + _("Complete: both sides signed all of it, and nothing is missing. Pieces of the recording are checked as they are played."));
    else this.#verdict("incomplete", "– " + _("Incomplete: nothing contradicts the rest, and this is missing:"));
    get("missing").replaceChildren(...evidence.missing.map((each) => {
      const item = document.createElement("li");
      item.textContent = missingText(each);
      return item;
    }));
  }

  /** @param {string} kind @param {string} text */
  #verdict(kind, text) {
    get("verdict").className = `status ${kind}`;
    get("verdict").textContent = text;
  }

  #listSteps() {
    get("steps").replaceChildren(...(this.evidence?.entries ?? []).flatMap((entry) => {
      const { at_ms: atMs, event } = entry, text = this.#entryText(entry);
      if (!text) return [];
      const item = this.#item(atMs, text);
      if (event.type === "asked") item.append(shownWords(event));
      return [item];
    }));
  }

  /** An entry in a sentence, with the name of a file once that is open. @param {import("./evidence.js").Entry} entry */
  #entryText({ number, event }) {
    const text = entryText(event, (who) => this.#nameOf(who)), file = this.evidence?.files.get(number)?.name;
    return file ? _("{text}: “{file}”", { text, file }) : text;
  }

  /** Look for what was typed in notes, messages, names of files, titles and texts of the clipboard; all of them where that is nothing. */
  #find() {
    const wanted = fold(input("search").value.trim()), isWanted = (/** @type {string} */ text) => fold(text).includes(wanted);
    const notes = this.#notes().filter(({ text }) => isWanted(text)), titles = (this.evidence?.titles ?? []).filter(({ title }) => title && isWanted(title));
    const chat = this.#chat().filter(({ text = "" }) => isWanted(text));
    const files = this.#files().filter(({ text = "" }) => isWanted(text));
    const moves = this.#moves().filter(({ text }) => isWanted(text));
    this.#found = wanted ? [...notes, ...files, ...chat, ...titles, ...moves].map(({ atMs }) => atMs).sort((a, b) => a - b) : undefined;
    get("notes").replaceChildren(...notes.map(({ atMs, told }) => this.#item(atMs, told)));
    get("chat").replaceChildren(...chat.map((mark) => this.#item(mark.atMs, this.#saidText(mark))));
    get("files").replaceChildren(...files.map((mark) => this.#fileItem(mark)));
    get("files-card").hidden = !this.#files().length;
    get("chat-card").hidden = !this.#chat().length;
    get("titles").replaceChildren(...titles.map(({ atMs, title }) => this.#item(atMs, title)));
    get("moves").replaceChildren(...moves.map(({ atMs, told, text }) => this.#item(atMs, told, text)));
    get("moves-card").hidden = !this.#moves().length;
    get("titles-card").hidden = !this.evidence?.titles.length;
    get("found").textContent = this.#found ? _("Found: {count}", { count: this.#found.length }) : "";
    this.timeline.find(wanted ? isWanted : undefined);
  }

  /** The last version of each note, at the picture it was written about. */
  #notes() {
    return [...(this.evidence?.notes.values() ?? [])].flatMap((versions) => {
      const last = versions.at(-1);
      if (!last) return [];
      const older = versions.length > 1 ? " (" + _("version {number}", { number: versions.length }) + ")" : "";
      return [{ atMs: versions[0]?.shownMs || last.shownMs, text: last.text, told: _("{name}: {text}", { name: `${this.#nameOf(last.participant)}${older}`, text: last.text || _("Moment marked") }) }];
    });
  }

  /** Files that were moved, or were to be. */
  #files() { return this.#timeline?.lanes.find(({ name }) => name === "files")?.marks ?? []; }

  /** With its fingerprint, so that the auditor can tell which it was. @param {import("./lanes.js").Mark} mark */
  #fileItem({ atMs, entry }) {
    const { evidence } = this, of = evidence?.entries[entry], item = this.#item(atMs, of ? this.#entryText(of) : ""), sha256 = evidence?.files.get(entry)?.sha256;
    if (!sha256) return item;
    const details = document.createElement("details"), summary = document.createElement("summary"), code = document.createElement("code");
    summary.textContent = "SHA-256";
    code.textContent = sha256;
    details.append(summary, code);
    item.append(details);
    return item;
  }

  /** What was said in the chat, in its order. */
  #chat() { return this.#timeline?.lanes.find(({ name }) => name === "chat")?.marks ?? []; }

  /** @param {import("./lanes.js").Mark} mark */
  #saidText({ who = "", text, entry }) {
    const name = who ? this.#nameOf(who) : _("The customer"), sealed = _("(not opened)"), notKept = _("(not recorded)");
    return _("{name}: {text}", { name, text: text ?? (this.evidence?.entries[entry]?.event.content ? sealed : notKept) });
  }

  /** Each text that went over the clipboard, and how it begins where that is open. */
  #moves() {
    const { entries = [], clipboard } = this.evidence ?? {};
    return entries.filter(({ event }) => event.type === "clipboard_moved").map(({ number, at_ms: atMs, event }) => {
      return { atMs, told: entryText(event, (who) => this.#nameOf(who)), text: clipboard?.get(number) ?? "" };
    });
  }

  /** @param {number} atMs @param {string} text @param {string} [quoted] what others wrote */
  #item(atMs, text, quoted = "") {
    const item = document.createElement("li"), time = document.createElement("button");
    time.type = "button";
    time.className = "link";
    time.textContent = clock(Math.max(0, atMs - (this.evidence?.entries[0]?.at_ms ?? atMs)) / 1000);
    time.onclick = () => void this.player.player?.seek(atMs);
    item.append(time, text);
    if (quoted) {
      const quotation = document.createElement("blockquote");
      quotation.textContent = quoted;
      item.append(quotation);
    }
    return item;
  }

  /** @param {string} participant */
  #nameOf(participant) {
    const { opened, entries } = /** @type {Evidence} */ (this.evidence);
    if (participant === opened.participant) return opened.technician;
    return entries.find(({ event }) => event.type === "joined" && event.participant === participant)?.event.name ?? "";
  }

  /** Where the key goes: to what was looked for, else to notes and answers. */
  #marks() {
    return this.#found ?? (this.#timeline?.lanes ?? []).filter(({ name }) => name === "notes" || name === "consent").flatMap(({ marks }) => marks.map(({ atMs }) => atMs)).sort((a, b) => a - b);
  }

  async #export() {
    const pack = await this.api.pack(this.session, this.reason);
    const link = element("save", HTMLAnchorElement);
    link.href = URL.createObjectURL(pack);
    link.download = `session-${this.session}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

/** Without case and accents. @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** What the customer read, word for word. @param {{ words: string, language: string }} asked */
function shownWords({ words, language }) {
  const details = document.createElement("details"), summary = document.createElement("summary"), text = document.createElement("blockquote");
  summary.textContent = _("What the customer read");
  text.textContent = words;
  text.lang = language;
  details.append(summary, text);
  return details;
}
