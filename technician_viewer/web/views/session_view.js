/** The running session as the technician sees it: the picture, what is allowed, what holds input back, and who takes part. */
import { _ } from "../catalogue.js";
import { button, clock, element, get, icon } from "../dom.js";
import { CONTROL_GRACE_S, PICTURE_LIVE_S, VIEW_GRACE_S } from "../core/limits.js";
import { Keyboard } from "../input/keyboard.js";
import { Mouse } from "../input/mouse.js";
import { Fitting } from "../screen/fitting.js";
import { Liveness } from "../screen/liveness.js";
import { RemoteScreen } from "../screen/remote_screen.js";
import { ChatView } from "./chat_view.js";
import { Curtain } from "./curtain.js";
import { Clipboard } from "./clipboard.js";
import { DeviceView } from "./device_view.js";
import { Files } from "./files.js";
import { InviteDialog } from "./invite_dialog.js";
import { Menus } from "./menus.js";
import { PathView } from "./path_view.js";
import { mayControl, People } from "./people.js";
import { Recording } from "./recording.js";
import { Toolbar } from "./toolbar.js";

/** While the picture is not live; else once a second, and as soon as it may not be live any more. */
const WATCH_LATE_MS = 250, WATCH_LIVE_MS = 1000;
const NOTE_MS = 8000;
const ASK_KEY_EVERY_MS = 1000;

export class SessionView {
  /** @type {Set<string>} */
  #capabilities = new Set();
  /** @type {Set<string>} */
  #holds = new Set();
  #isLate = true;
  /** The agent cannot be heard: both ends try to come back. */
  #isAway = false;
  /** What is on the canvas is from before a cut. */
  #isOld = false;
  /** Control that a cut may have cost. */
  #hadControl = false;
  #isBegun = false;
  #liveness = new Liveness();
  #lastShownAt = new Date();
  /** @type {number | undefined} */
  #watching;
  /** @type {number | undefined} */
  #noteTimer;
  /** @type {number | undefined} */
  #promptTimer;
  /** @type {number | undefined} a key picture is to be asked for */
  #asking;
  #askedKeyMs = -Infinity;
  curtain = new Curtain();
  device = new DeviceView();
  people = new People();
  customer = "";

  /**
   * @param {import("../screen/wasm.js").Wasm} wasm
   * @param {{ send: (message: any) => void, isBusy: () => boolean, heardMs: () => number, heardAt: () => number, askControl: () => void, askClipboard: () => void,
   *   remember: (entry: number, text: string) => void, recalled: (entry: number) => string,
   *   chatRead: () => number, rememberChatRead: (entry: number) => void,
   *   desk: import("./invite_dialog.js").Desk, end: () => void, leave: () => void, onLive: (isLive: boolean) => void }} session
   */
  constructor(wasm, session) {
    this.session = session;
    const canvas = element("screen", HTMLCanvasElement), field = element("keyboard", HTMLTextAreaElement);
    this.screen = new RemoteScreen(canvas, element("pointer", HTMLCanvasElement), wasm, {
      onScreens: () => this.#onScreens(),
      onShown: (picture) => this.#onShown(picture),
      onBroken: (error) => this.#onBroken(error),
    });
    this.fitting = new Fitting(get("stage"), canvas, () => this.screen.placePointer());
    const send = (/** @type {any} */ message) => this.session.send(message);
    const isActive = () => this.hasControl();
    this.keyboard = new Keyboard(field, { send, isActive, onLeave: () => get("special").querySelector("summary")?.focus() });
    this.mouse = new Mouse(canvas, {
      send, isActive, where: () => ({ screen: this.screen.current, picture: this.screen.picture }), onPress: (event) => { field.focus(); this.keyboard.align(event); },
      isBusy: () => this.session.isBusy(),
    });
    this.menus = new Menus({
      pressKeys: (codes) => { if (this.hasControl()) this.keyboard.chord(codes); },
      typeText: (text) => { if (this.hasControl()) send({ type: "text_typed", text }); },
      onClosed: () => field.focus(),
    });
    this.path = new PathView({ send, isOurs: () => this.people.setsPace });
    this.recording = new Recording({ send, picture: () => this.screen.picture, onClosed: () => field.focus(), remember: session.remember, recalled: session.recalled });
    this.chat = new ChatView({
      send, onClosed: () => field.focus(), note: (text) => this.note(text), read: session.chatRead, remember: session.rememberChatRead,
    });
    this.files = new Files({ send, note: (text) => this.note(text), onClosed: () => field.focus() });
    this.clipboard = new Clipboard({ send, ask: () => session.askClipboard() });
    this.invite = new InviteDialog(session.desk, () => field.focus());
    this.toolbar = new Toolbar(this.fitting, {
      onScreen: (number) => this.#choose(number), onChanged: () => field.focus(), note: (text) => this.note(text),
    });
    field.addEventListener("focus", () => this.#onKeyboard(true));
    field.addEventListener("blur", () => this.#onKeyboard(false));
    // In a tab that nobody looked at, the browser may have let our timer wait for a minute: the first that is seen again has to be true.
    document.addEventListener("visibilitychange", () => { if (this.#isBegun) this.#watch(); });
    button("ask-control").onclick = () => {
      this.session.askControl();
      field.focus();
    };
    button("give-back").onclick = () => {
      send({ type: "control_given_back" });
      field.focus();
    };
    button("end").onclick = () => this.people.mine?.leads === false ? this.session.leave() : this.session.end();
  }

  /** What the start-up tests found. @param {import("../screen/abilities.js").Abilities} abilities */
  canDecode({ drawing, hasVideo }) {
    Object.assign(this.screen.drawing, drawing);
    get("no-video").hidden = hasVideo;
  }

  /** Input is sent only then; the agent decides again for itself. */
  hasControl() { return this.#capabilities.has("control") && this.#holds.size === 0 && !this.#isLate; }

  /** @param {{ ticket: string, customer: string }} who */
  begin({ ticket, customer }) {
    this.customer = this.chat.customer = customer;
    get("who").textContent = [ticket, customer].filter(Boolean).join(" · ");
  }

  /** @param {any} message what the agent said */
  take(message) {
    switch (message.type) {
      case "welcomed":
        this.people.me = this.chat.me = message.participant;
        break;
      case "participants_changed": {
        const told = this.people.change(message.participants);
        this.#showPeople();
        this.path.show();
        if (told.length && this.#isBegun) this.note(told.join(" "));
        break;
      }
      case "path_measured":
        this.path.take(message);
        break;
      case "access_changed":
        this.#setAccess(message.capabilities, message.holds);
        break;
      case "recording_changed":
        this.recording.change(message.state);
        this.chat.change(message.state);
        break;
      case "entry_appended":
        this.#follow(JSON.parse(message.entry));
        break;
      case "chat_said":
      case "chat_refused":
        this.chat.take(message);
        break;
      case "clipboard_sent":
      case "clipboard_answered":
        this.clipboard.take(message);
        if (message.type === "clipboard_answered" && message.answer === "unavailable") this.clipboard.asked();
        break;
      case "media_reached":
        this.#liveness.announce(message.picture, performance.now());
        break;
      case "prompt_opened":
        if (this.#isBegun) this.#countDown(message.seconds, message.capability);
        break;
      case "prompt_closed":
        clearInterval(this.#promptTimer);
        button("ask-control").disabled = false;
        this.clipboard.asked();
        this.files.answered();
        break;
      case "file_chosen":
      case "file_received":
      case "file_part":
      case "file_completed":
      case "file_closed":
        void this.files.take(message);
        break;
      case "input_dropped":
        this.note(_("Your input was held back: {why}.", { why: this.#why([message.hold]) }));
        break;
    }
  }

  /** @param {any} entry of the session's log */
  #follow(entry) {
    this.recording.take(entry, this.people.me);
    this.device.take(entry.event);
  }

  /** The connection with the agent is interrupted; both ends come back by themselves for a while. */
  away() {
    this.#isAway = this.#isOld = true;
    this.#hadControl ||= this.#capabilities.has("control");
    this.#liveness = new Liveness();
    this.path.away();
    this.clipboard.away();
    clearInterval(this.#promptTimer);
    this.#showNote("");
    if (!this.#isBegun) return;
    this.#setLate(true);
    this.#showAccess();
    this.#showCurtain();
  }

  /** The agent is heard again: the picture that comes is a live one. @param {number} afterMs how long it was not heard */
  back(afterMs) {
    this.#isAway = false;
    this.files.transfers.back();
    this.note(_("Connected again after {seconds} s.", { seconds: Math.max(1, Math.round(afterMs / 1000)) }));
    if (!this.#isBegun) return;
    this.#showAccess();
    this.#showCurtain();
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
    this.#isBegun = false;
    clearInterval(this.#promptTimer);
    for (const timer of [this.#watching, this.#noteTimer, this.#asking]) clearTimeout(timer);
    this.screen.close();
    this.#capabilities.clear();
    this.curtain.hide();
    this.files.over();
    this.menus.close();
    this.chat.over();
    for (const id of ["text-dialog", "help", "invite"]) element(id, HTMLDialogElement).close();
    if (document.fullscreenElement) void document.exitFullscreen();
    get("live").hidden = true;
    document.body.dataset.access = "";
  }

  /** @param {string} text */
  #showNote(text) {
    get("notice").textContent = text;
    get("notice").hidden = !text;
  }

  /** @param {number} seconds the customer has to answer @param {string} capability what is asked for */
  #countDown(seconds, capability) {
    clearInterval(this.#promptTimer);
    clearTimeout(this.#noteTimer);
    if (capability === "control") button("ask-control").disabled = true;
    if (capability === "clipboard") button("ask-clipboard").disabled = true;
    const end = performance.now() + seconds * 1000;
    const show = () => {
      const time = clock(Math.max(0, (end - performance.now()) / 1000));
      this.#showNote(capability === "record"
        ? _("The customer is asked whether the session may be recorded; {time} left to answer.", { time })
        : _("The customer is reading your question; {time} left to answer.", { time }));
    };
    show();
    this.#promptTimer = setInterval(show, 1000);
  }

  /** @param {string[]} holds */
  #why(holds) {
    const texts = {
      prompt: _("the customer is reading a question"), paused: _("paused by the customer"),
      stop_key: _("stopped by the customer's Esc key"), stale_picture: _("the picture is late"),
      unrecorded: _("the recording is paused"),
    };
    return holds.map((hold) => texts[/** @type {keyof typeof texts} */ (hold)]).join(", ");
  }

  /** @param {string[]} capabilities @param {string[]} holds */
  #setAccess(capabilities, holds) {
    const had = this.#capabilities.has("control");
    if (!this.#isAway) {
      if (this.#hadControl && !capabilities.includes("control")) this.note(_("The interruption was too long for control: ask for it again. You still see."));
      this.#hadControl = false;
    }
    this.#capabilities = new Set(capabilities);
    this.#holds = new Set(holds);
    if (had && !this.hasControl()) this.keyboard.releaseAll();
    const access = this.#capabilities.has("control") ? "control" : this.#capabilities.has("view") ? "view" : "";
    document.body.dataset.access = access;
    document.body.dataset.held = holds.length ? "yes" : "";
    button("give-back").hidden = access !== "control";
    for (const each of [button("type-text"), ...get("special-keys").querySelectorAll("button")]) each.disabled = access !== "control";
    this.clipboard.change(this.#capabilities.has("clipboard"), holds.length > 0);
    this.#showAccess();
    this.#showPeople();
    this.#onKeyboard(document.activeElement === get("keyboard"));
    if (access && !this.#isBegun) this.#begin();
    this.#showCurtain();
  }

  /** In the bar: what is allowed, and what holds it back now. */
  #showAccess() {
    const access = this.#capabilities.has("control") ? "control" : this.#capabilities.has("view") ? "view" : "";
    const held = this.#why([...this.#holds]);
    const words = { control: _("You control"), view: _("You see"), "": _("Nothing is allowed") };
    const icons = { control: "hand", view: "eye", "": "stopped" };
    const state = get("access");
    state.className = `state ${held || this.#isAway ? "attention" : access ? "allowed" : "stopped"}`;
    if (this.#isAway) state.replaceChildren(icon("held"), _("Interrupted"));
    else state.replaceChildren(icon(held ? "held" : icons[access]), held ? `${words[access]} – ${held}` : words[access]);
  }

  /** Who takes part, and what we may do about it. */
  #showPeople() {
    const { mine, controller, heirs } = this.people, leads = mine?.leads ?? true;
    this.people.show(this.customer);
    const asks = button("ask-control");
    this.files.allow(this.#capabilities.has("files"), mayControl(mine));
    asks.hidden = this.#capabilities.has("control") || !mayControl(mine);
    get("clipboard").hidden = !mayControl(mine);
    const other = controller && controller !== mine ? controller.name : "";
    asks.title = other ? _("{name} controls. The customer is asked whether control passes to you.", { name: other }) : "";
    const end = button("end");
    end.textContent = leads ? _("End") : _("Leave");
    end.title = leads && heirs.length ? _("Ends the session for everybody.") : "";
    const actions = mine?.role === "expert" ? [] : [this.#action(_("Invite somebody…"), () => void this.invite.open())];
    actions.push(...heirs.filter(() => leads).map((heir) => this.#action(_("Hand over to {name}", { name: heir.name }), () => {
      this.session.send({ type: "handed_over", participant: heir.participant });
    })));
    if (leads && heirs[0]) actions.push(this.#action(_("Leave, {name} goes on", { name: heirs[0].name }), () => this.session.leave()));
    get("people-actions").replaceChildren(...actions);
  }

  /** @param {string} label @param {() => void} work */
  #action(label, work) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.onclick = () => {
      this.menus.close();
      get("keyboard").focus();
      work();
    };
    return made;
  }

  #begin() {
    this.#isBegun = true;
    get("live").hidden = false;
    this.path.begin();
    document.body.dataset.picture = "late";
    this.fitting.apply();
    this.#watch();
    get("keyboard").focus();
  }

  /** A picture that is no longer live says so within two seconds, and input is held back. */
  #watch() {
    const nowMs = performance.now(), untilMs = this.#liveness.untilMs(this.screen.picture, this.session.heardMs(), this.screen.lostMs);
    this.#setLate(this.#isAway || this.#isOld || nowMs >= untilMs);
    if (!this.#isLate) this.path.drawn(this.screen.times.medianMs, nowMs);
    clearTimeout(this.#watching);
    this.#watching = setTimeout(() => this.#watch(), this.#isLate ? WATCH_LATE_MS : Math.min(untilMs - nowMs, WATCH_LIVE_MS));
  }

  /** @param {boolean} late */
  #setLate(late) {
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
    document.body.dataset.link = this.#isAway ? "away" : "";
    const isHeard = performance.now() - this.session.heardMs() < 1000 * PICTURE_LIVE_S;
    get("live-state").textContent = this.#isLate ? _("Picture not live") : isPaused ? _("Paused by the customer") : _("Live picture");
    if (this.#isAway) {
      const waits = [{ text: _("To see: {time} left"), over: _("The time to come back is over."), until: this.session.heardAt() + VIEW_GRACE_S * 1000 }];
      if (this.#hadControl) {
        waits.push({
          text: _("To control: {time} left"), over: _("Control is over, and can be asked for again."), until: this.session.heardAt() + CONTROL_GRACE_S * 1000,
        });
      }
      this.curtain.show(
        _("Connection interrupted"),
        _("It comes back by itself, and {customer} is not asked again. What you type now does not arrive. If the program was closed there, end the session and give a new code.", { customer: this.customer || _("the customer") }),
        waits,
      );
    } else if (isPaused && this.#isOld && isHeard) {
      this.curtain.show(_("Paused by the customer"), _("You see nothing new, and your input is held back, until the customer lets it go on."));
    } else if (this.#isLate && this.screen.picture === 0) {
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
    this.#isOld = this.#isAway;
    this.session.send({ type: "picture_shown", picture });
    this.#lastShownAt = new Date();
    document.body.dataset.shown = String(picture);
    if (this.#isLate && this.#isBegun) this.#watch();
  }

  /** Something could not be shown: a key picture begins anew, without loading the page again. @param {Error} error */
  #onBroken(error) {
    console.error(error);
    // While it goes wrong again and again, once a second.
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      this.#askedKeyMs = performance.now();
      this.session.send({ type: "key_picture_asked" });
    }, Math.max(0, this.#askedKeyMs + ASK_KEY_EVERY_MS - performance.now()));
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
