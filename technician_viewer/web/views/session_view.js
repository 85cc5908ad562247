/** The running session as the technician sees it: the picture, what is allowed, what holds input back, and who takes part. */
import { _ } from "../catalogue.js";
import { button, clock, element, get, icon } from "../dom.js";
import { Keyboard } from "../input/keyboard.js";
import { Mouse } from "../input/mouse.js";
import { Fitting } from "../screen/fitting.js";
import { Liveness } from "../screen/liveness.js";
import { RemoteScreen } from "../screen/remote_screen.js";
import { Curtain } from "./curtain.js";
import { Menus } from "./menus.js";
import { listPeople } from "./people.js";
import { Toolbar } from "./toolbar.js";

const WATCH_EVERY_MS = 250;
const NOTE_MS = 8000;

export class SessionView {
  /** @type {Set<string>} */
  #capabilities = new Set();
  /** @type {Set<string>} */
  #holds = new Set();
  #isLate = true;
  #isBegun = false;
  #liveness = new Liveness();
  #lastShownAt = new Date();
  /** @type {number | undefined} */
  #watching;
  /** @type {number | undefined} */
  #noteTimer;
  /** @type {number | undefined} */
  #promptTimer;
  curtain = new Curtain();

  /**
   * @param {{ decode(data: Uint8Array, bytes: number): Uint8Array }} zstd
   * @param {{ send: (message: any) => void, heardMs: () => number, askControl: () => void, end: () => void, onLive: (isLive: boolean) => void }} session
   */
  constructor(zstd, session) {
    this.session = session;
    const canvas = element("screen", HTMLCanvasElement), field = element("keyboard", HTMLTextAreaElement);
    this.screen = new RemoteScreen(canvas, element("pointer", HTMLCanvasElement), zstd, {
      onScreens: () => this.#onScreens(),
      onShown: (picture) => this.#onShown(picture),
    });
    this.fitting = new Fitting(get("stage"), canvas, () => this.screen.placePointer());
    const send = (/** @type {any} */ message) => this.session.send(message);
    const isActive = () => this.hasControl();
    this.keyboard = new Keyboard(field, { send, isActive, onLeave: () => get("special").querySelector("summary")?.focus() });
    this.mouse = new Mouse(canvas, {
      send, isActive, where: () => ({ screen: this.screen.current, picture: this.screen.picture }), onPress: (event) => { field.focus(); this.keyboard.align(event); },
    });
    this.menus = new Menus({
      pressKeys: (codes) => { if (this.hasControl()) this.keyboard.chord(codes); },
      typeText: (text) => { if (this.hasControl()) send({ type: "text_typed", text }); },
      onClosed: () => field.focus(),
    });
    this.toolbar = new Toolbar(this.fitting, {
      onScreen: (number) => this.#choose(number), onChanged: () => field.focus(), note: (text) => this.note(text),
    });
    field.addEventListener("focus", () => this.#onKeyboard(true));
    field.addEventListener("blur", () => this.#onKeyboard(false));
    button("ask-control").onclick = () => {
      this.session.askControl();
      field.focus();
    };
    button("give-back").onclick = () => {
      send({ type: "control_given_back" });
      field.focus();
    };
    button("end").onclick = () => this.session.end();
  }

  /** Input is sent only then; the agent decides again for itself. */
  hasControl() { return this.#capabilities.has("control") && this.#holds.size === 0 && !this.#isLate; }

  /** @param {{ ticket: string, customer: string, me: string }} who */
  begin({ ticket, customer, me }) {
    this.people = { customer, me };
    get("who").textContent = [ticket, customer].filter(Boolean).join(" · ");
  }

  /** @param {any} message what the agent said */
  take(message) {
    switch (message.type) {
      case "access_changed":
        this.#setAccess(message.capabilities, message.holds);
        break;
      case "media_reached":
        this.#liveness.announce(message.picture, performance.now());
        break;
      case "prompt_opened":
        if (this.#isBegun) this.#countDown(message.seconds);
        break;
      case "prompt_closed":
        clearInterval(this.#promptTimer);
        button("ask-control").disabled = false;
        break;
      case "input_dropped":
        this.note(_("Your input was held back: {why}.", { why: this.#why([message.hold]) }));
        break;
    }
  }

  /** Something that happened; it goes away by itself. @param {string} text */
  note(text) {
    clearTimeout(this.#noteTimer);
    clearInterval(this.#promptTimer);
    this.#showNote(text);
    this.#noteTimer = setTimeout(() => this.#showNote(""), NOTE_MS);
  }

  /** Nothing more comes. */
  over() {
    for (const timer of [this.#watching, this.#promptTimer]) clearInterval(timer);
    clearTimeout(this.#noteTimer);
    this.#capabilities.clear();
    this.curtain.hide();
    this.menus.close();
    for (const id of ["text-dialog", "help"]) element(id, HTMLDialogElement).close();
    if (document.fullscreenElement) void document.exitFullscreen();
    get("live").hidden = true;
    document.body.dataset.access = "";
  }

  /** @param {string} text */
  #showNote(text) {
    get("notice").textContent = text;
    get("notice").hidden = !text;
  }

  /** @param {number} seconds the customer has to answer */
  #countDown(seconds) {
    clearInterval(this.#promptTimer);
    clearTimeout(this.#noteTimer);
    button("ask-control").disabled = true;
    const end = performance.now() + seconds * 1000;
    const show = () => {
      const time = clock(Math.max(0, (end - performance.now()) / 1000));
      this.#showNote(_("The customer is reading your question; {time} left to answer.", { time }));
    };
    show();
    this.#promptTimer = setInterval(show, 1000);
  }

  /** @param {string[]} holds */
  #why(holds) {
    const texts = {
      prompt: _("the customer is reading a question"), paused: _("paused by the customer"),
      stop_key: _("stopped by the customer's Esc key"), stale_picture: _("the picture is late"),
    };
    return holds.map((hold) => texts[/** @type {keyof typeof texts} */ (hold)]).join(", ");
  }

  /** @param {string[]} capabilities @param {string[]} holds */
  #setAccess(capabilities, holds) {
    const had = this.#capabilities.has("control");
    this.#capabilities = new Set(capabilities);
    this.#holds = new Set(holds);
    if (had && !this.hasControl()) this.keyboard.releaseAll();
    const access = this.#capabilities.has("control") ? "control" : this.#capabilities.has("view") ? "view" : "";
    document.body.dataset.access = access;
    document.body.dataset.held = holds.length ? "yes" : "";
    button("ask-control").hidden = access === "control";
    button("give-back").hidden = access !== "control";
    for (const each of [button("type-text"), ...get("special-keys").querySelectorAll("button")]) each.disabled = access !== "control";
    const words = { control: _("You control"), view: _("You see"), "": _("Nothing is allowed") };
    const icons = { control: "hand", view: "eye", "": "stopped" };
    const state = get("access");
    state.className = `state ${holds.length ? "attention" : access ? "allowed" : "stopped"}`;
    state.replaceChildren(icon(holds.length ? "held" : icons[access]), holds.length ? `${words[access]} – ${this.#why(holds)}` : words[access]);
    this.#listPeople(access);
    this.#onKeyboard(document.activeElement === get("keyboard"));
    if (access && !this.#isBegun) this.#begin();
    this.#showCurtain();
  }

  /** @param {"control" | "view" | ""} access */
  #listPeople(access) {
    const { customer, me } = this.people ?? { customer: "", me: "" };
    listPeople([
      { name: customer || _("The customer"), part: "customer" },
      { name: me, part: access === "control" ? "controls" : access === "view" ? "sees" : "nothing", isMe: true },
    ]);
  }

  #begin() {
    this.#isBegun = true;
    get("live").hidden = false;
    document.body.dataset.picture = "late";
    this.fitting.apply();
    this.#watching = setInterval(() => this.#watch(), WATCH_EVERY_MS);
    get("keyboard").focus();
  }

  /** A picture that is no longer live says so within two seconds, and input is held back. */
  #watch() {
    const late = this.#liveness.isLate(this.screen.picture, this.session.heardMs(), performance.now());
    if (late === this.#isLate) return;
    if (late) this.keyboard.releaseAll();
    this.#isLate = late;
    document.body.dataset.picture = late ? "late" : "live";
    this.session.onLive(!late);
    this.#showCurtain();
    this.#onKeyboard(document.activeElement === get("keyboard"));
  }

  /** Say over the picture why it is not what the customer sees now. */
  #showCurtain() {
    const isPaused = this.#holds.has("paused");
    document.body.dataset.paused = isPaused ? "yes" : "";
    get("live-state").textContent = this.#isLate ? _("Picture not live") : isPaused ? _("Paused by the customer") : _("Live picture");
    if (this.#isLate && this.screen.picture === 0) {
      this.curtain.show(_("The customer said yes."), _("The first picture is on its way."));
    } else if (this.#isLate) {
      const time = this.#lastShownAt.toLocaleTimeString(document.documentElement.lang);
      this.curtain.show(
        _("This picture is not live"),
        _("Nothing new has come since {time}. Your input is held back until it goes on.", { time }),
      );
    } else if (isPaused) {
      this.curtain.show(_("Paused by the customer"), _("You see nothing new, and your input is held back, until the customer lets it go on."));
    } else this.curtain.hide();
  }

  /** @param {number} picture */
  #onShown(picture) {
    this.session.send({ type: "picture_shown", picture });
    this.#lastShownAt = new Date();
    document.body.dataset.shown = String(picture);
    if (this.#isLate) this.#watch();
  }

  #onScreens() {
    this.toolbar.listScreens(this.screen.screens, this.screen.current);
    this.fitting.apply();
  }

  /** @param {number} number */
  #choose(number) {
    this.keyboard.releaseAll();
    this.screen.show(number);
    this.fitting.apply();
    this.session.send({ type: "screen_chosen", screen: number });
  }

  /** @param {boolean} isThere the keyboard is where it can go to the customer */
  #onKeyboard(isThere) {
    this.toolbar.keyboardMoved(isThere);
    const isRemote = isThere && this.hasControl();
    document.body.dataset.keyboard = isRemote ? "remote" : "here";
    get("keyboard-state").textContent = isRemote
      ? _("The keyboard goes to the customer.")
      : this.hasControl() ? _("The keyboard stays here. Press on the picture to type there.") : _("The keyboard stays here.");
    get("leave-hint").hidden = !isRemote;
  }
}
