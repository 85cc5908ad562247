/** The session page: connects the desk's API, the session, the picture and the input. */
import { Api, ApiError } from "./api.js";
import { _, loadCatalogue } from "./catalogue.js";
import { fromBase64Url, toBase64 } from "./core/bytes.js";
import { PICTURE_LIVE_S } from "./core/limits.js";
import { newSecret } from "./core/support_code.js";
import { Keyboard } from "./input/keyboard.js";
import { Mouse } from "./input/mouse.js";
import { RemoteScreen } from "./screen/remote_screen.js";
import { TechnicianSession } from "./session/technician_session.js";
import { ZSTDDecoder } from "./vendor/zstddec.js";

/** @template {HTMLElement} E @param {string} id @param {{ new (): E }} kind @returns {E} */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id} on the page`);
  return found;
}
const get = (/** @type {string} */ id) => element(id, HTMLElement);
const input = (/** @type {string} */ id) => element(id, HTMLInputElement);

const SPECIAL_KEYS = {
  "Ctrl+Alt+Del": ["ControlLeft", "AltLeft", "Delete"],
  "Alt+Tab": ["AltLeft", "Tab"],
  "Alt+F4": ["AltLeft", "F4"],
  "Ctrl+W": ["ControlLeft", "KeyW"],
  Windows: ["MetaLeft"],
  "Print Screen": ["PrintScreen"],
};

class App {
  api = new Api();
  ticketNumber = new URLSearchParams(location.search).get("ticket") ?? "";
  /** @type {any} */
  me;
  /** @type {any} what the desk gave for this session */
  opened;
  /** @type {TechnicianSession | undefined} */
  session;
  /** @type {Set<string>} */
  capabilities = new Set();
  /** @type {Set<string>} */
  holds = new Set();
  secret = "";
  isLate = false;
  /** @type {Map<number, number>} pictures the agent has announced, and when we heard of them (performance.now) */
  announced = new Map();

  async begin() {
    const zstd = new ZSTDDecoder();
    await zstd.init();
    this.screen = new RemoteScreen(element("screen", HTMLCanvasElement), element("pointer", HTMLCanvasElement), zstd, {
      onScreens: () => this.#listScreens(),
      onShown: (picture) => this.#onShown(picture),
    });
    this.keyboard = new Keyboard(element("keyboard", HTMLTextAreaElement), {
      send: (message) => this.session?.send(message), isActive: () => this.hasControl(), onLeave: () => get("end").focus(),
    });
    this.mouse = new Mouse(element("screen", HTMLCanvasElement), {
      send: (message) => this.session?.send(message), isActive: () => this.hasControl(),
      where: () => ({ screen: this.screen?.current ?? 0, picture: this.screen?.picture ?? 0 }), onPress: () => get("keyboard").focus(),
    });
    this.#connectControls();
    try {
      this.me = await this.api.me();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#signIn();
    }
    await loadCatalogue(this.me.language);
    get("person").textContent = this.me.full_name;
    if (!this.ticketNumber) return this.#chooseTicket();
    const ticket = await this.api.ticket(this.ticketNumber);
    get("ticket").textContent = _("Ticket {number}", { number: this.ticketNumber });
    get("subject").textContent = ticket.subject;
    element("back", HTMLAnchorElement).href = `/tickets/${encodeURIComponent(this.ticketNumber)}`;
    this.#show("begin", "begin");
    get("reason").focus();
  }

  hasControl() { return this.capabilities.has("control") && this.holds.size === 0 && !this.isLate; }

  /** Served by the relay, signing in is the desk's page; served by the technician's own machine, it is this one. */
  async #signIn() {
    const local = await fetch("/local.json").then((answer) => answer.ok, () => false);
    if (!local) return location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    await loadCatalogue(navigator.language.startsWith("fr") ? "fr" : "en");
    this.#show("sign-in", "sign-in");
    element("sign-in", HTMLFormElement).onsubmit = async (event) => {
      event.preventDefault();
      try {
        await this.api.signIn(input("name").value, input("password").value, input("code6").value);
        location.reload();
      } catch (error) {
        const tooOften = error instanceof ApiError && error.status === 429;
        this.#say(tooOften ? _("Too many attempts. Wait a minute and try again.") : _("Name, password or code is not right. Try again."));
      }
    };
  }

  async #chooseTicket() {
    const { tickets } = await this.api.tickets();
    for (const ticket of tickets) {
      const link = document.createElement("a");
      link.href = `?ticket=${encodeURIComponent(ticket.number)}`;
      link.textContent = `${ticket.number}  ${ticket.subject}`;
      const item = document.createElement("li");
      item.append(link);
      get("ticket-list").append(item);
    }
    this.#show("tickets", "tickets");
  }

  async #open() {
    const asks = input("asks-control").checked ? "control" : "view";
    const reason = element("reason", HTMLTextAreaElement).value.trim();
    const keys = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const key = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
    this.opened = { ...(await this.api.openSession(this.ticketNumber, { reason, asks, key })), reason, asks, keys };
    this.#pair(this.opened);
  }

  /** @param {{ room: string, token: string, expires_at: number }} room */
  #pair(room) {
    this.secret = newSecret();
    const digits = `${this.secret.slice(0, 3)} ${this.secret.slice(3)}`;
    get("code").textContent = `${room.room} ${digits}`;
    const link = `${location.origin}/#code=${room.room}-${this.secret}&root=${this.me.root_fingerprint}`;
    element("link", HTMLAnchorElement).href = link;
    get("expires").textContent = _("Valid for {minutes} minutes, for one use.", {
      minutes: Math.max(1, Math.round((room.expires_at - Date.now() / 1000) / 60)),
    });
    const { certificate, ticket, subject, reason, asks, keys } = this.opened;
    const session = new TechnicianSession({
      url: `${location.origin.replace(/^http/, "ws")}/room`, token: room.token, code: `${room.room} ${this.secret}`,
      rootFingerprint: fromBase64Url(this.me.root_fingerprint), keys, certificate, ticket, subject, reason, asks,
    });
    session.addEventListener("state", (event) => this.#onState(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("message", (event) => this.#onMessage(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("parts", (event) => this.screen?.take(/** @type {CustomEvent} */ (event).detail));
    this.session = session;
    session.start();
    this.#show("pairing", "waiting");
    this.#say(_("Waiting for the customer to type the code."));
  }

  /** @param {{ state: string, reason: string }} detail */
  #onState({ state, reason }) {
    if (state === "candidate") this.#say(_("Somebody has typed the code: connecting."));
    if (state === "waiting") this.#say(_("Waiting for the customer to type the code."));
    if (state === "paired") this.#say(_("Connected. The customer's computer checks who you are."));
    if (state === "code_used_up") {
      this.#over("used-up", _("Three wrong attempts: this code is used up. Somebody may be guessing. Nothing was shown."));
      get("new-code").hidden = false;
    }
    if (state === "refused") {
      const expired = reason === "expired" || reason === "bad_token";
      this.#over("refused", expired ? _("This code has expired. Get a new one.") : _("The connection was ended because something in it was not right."));
      get("new-code").hidden = !expired;
    }
    if (state === "gone") this.#over("gone", _("The connection to the customer is gone. What happened until then is on the ticket."));
  }

  /** @param {any} message */
  #onMessage(message) {
    switch (message.type) {
      case "prompt_opened":
        document.body.dataset.prompt = "open";
        this.#say(_("The customer is reading your question."));
        break;
      case "prompt_closed":
        document.body.dataset.prompt = "";
        if (message.answer === "allowed") this.#say(_("The customer said yes."));
        else if (message.answer === "refused") this.#say(_("The customer said no."));
        else this.#say(_("The customer did not answer, which counts as a no."));
        break;
      case "access_not_stored":
        this.#say(_("The customer said yes, but it could not be recorded: nothing is allowed. Ask again."));
        break;
      case "access_changed":
        this.#setAccess(message.capabilities, message.holds);
        break;
      case "input_dropped":
        this.#say(_("Your input was held back."));
        break;
      case "media_reached":
        this.announced.set(message.picture, this.announced.get(message.picture) ?? performance.now());
        break;
      case "ended":
        this.#over("ended", this.#endText(message.outcome));
        break;
    }
  }

  /** @param {string} outcome */
  #endText(outcome) {
    const texts = {
      completed: _("You ended the session."), stopped: _("The customer ended the session."), declined: _("The customer refused. Nothing was shown."),
      unanswered: _("The customer did not answer, which counts as a no. Nothing was shown."),
      dropped: _("The connection was lost."), failed: _("The session could not go on."),
    };
    return texts[/** @type {keyof typeof texts} */ (outcome)] ?? texts.failed;
  }

  /** @param {string[]} capabilities @param {string[]} holds */
  #setAccess(capabilities, holds) {
    const had = this.capabilities.has("control");
    this.capabilities = new Set(capabilities);
    this.holds = new Set(holds);
    if (had && !this.hasControl()) this.keyboard?.releaseAll();
    const access = this.capabilities.has("control") ? "control" : this.capabilities.has("view") ? "view" : "";
    document.body.dataset.access = access;
    document.body.dataset.held = holds.length ? "yes" : "";
    get("ask-control").hidden = access === "control";
    get("give-back").hidden = access !== "control";
    const held = {
      prompt: _("the customer is reading a question"), paused: _("paused by the customer"),
      stop_key: _("stopped by the customer's Esc key"), stale_picture: _("the picture is late"),
    };
    const why = holds.map((hold) => held[/** @type {keyof typeof held} */ (hold)]).join(", ");
    const word = access === "control" ? `✋ ${_("You control")}` : access === "view" ? `👁 ${_("You see")}` : _("Nothing is allowed");
    get("access").textContent = why ? `${word} – ${why}` : word;
    get("access").className = `state ${why ? "attention" : access ? "allowed" : "stopped"}`;
    if (access && document.body.dataset.state !== "live") this.#goLive();
  }

  #goLive() {
    get("card").hidden = true;
    get("top").hidden = true;
    get("live").hidden = false;
    get("who").textContent = _("Ticket {number}", { number: this.ticketNumber });
    document.body.dataset.state = "live";
    document.body.dataset.picture = "late";
    this.isLate = true;
    setInterval(() => this.#watchPicture(), 250);
    get("keyboard").focus();
  }

  /** A picture that is no longer live says so within two seconds, and input is held back. */
  #watchPicture() {
    const now = performance.now();
    const shown = this.screen?.picture ?? 0;
    for (const number of this.announced.keys()) if (number <= shown) this.announced.delete(number);
    const oldest = Math.min(...this.announced.values());
    const silent = now - (this.session?.lastHeardMs ?? 0) > (PICTURE_LIVE_S - 0.5) * 1000;
    const late = silent || now - oldest > PICTURE_LIVE_S * 1000 || shown === 0;
    if (late === this.isLate) return;
    if (late) this.keyboard?.releaseAll();
    this.isLate = late;
    document.body.dataset.picture = late ? "late" : "live";
    if (late) this.#say(_("This picture is not live: the connection is interrupted. Your input is held back."));
    else this.#say("");
  }

  /** @param {number} picture */
  #onShown(picture) {
    this.session?.send({ type: "picture_shown", picture });
    document.body.dataset.shown = String(picture);
    if (document.body.dataset.picture === "late") this.#watchPicture();
  }

  #listScreens() {
    const list = element("screens", HTMLSelectElement);
    const screens = this.screen?.screens ?? [];
    list.replaceChildren(...screens.map((screen) => new Option(`${screen.name || screen.number + 1} (${screen.width} × ${screen.height})`, String(screen.number))));
    list.value = String(this.screen?.current ?? 0);
    list.hidden = screens.length < 2;
    get("screen").setAttribute("aria-label", _("The customer's screen"));
  }

  #connectControls() {
    element("begin", HTMLFormElement).onsubmit = (event) => { event.preventDefault(); this.#try(() => this.#open()); };
    get("new-code").onclick = () => this.#try(async () => {
      const room = await this.api.newRoom(this.opened.session);
      get("after").hidden = true;
      this.#pair(room);
    });
    get("copy-link").onclick = () => navigator.clipboard.writeText(element("link", HTMLAnchorElement).href);
    get("ask-control").onclick = () => this.session?.send({ type: "access_asked", capability: "control", reason: this.opened.reason });
    get("give-back").onclick = () => this.session?.send({ type: "control_given_back" });
    get("end").onclick = () => this.session?.end();
    get("scale").onclick = () => {
      const stage = get("stage");
      stage.dataset.scale = stage.dataset.scale === "fit" ? "exact" : "fit";
      get("scale").textContent = stage.dataset.scale === "fit" ? _("Fit") : "1:1";
      this.screen?.placePointer();
    };
    get("full-screen").onclick = async () => {
      await get("live").requestFullscreen();
      // Where the browser allows it, keys that it would keep for itself go to the customer too.
      await /** @type {any} */ (navigator).keyboard?.lock?.();
      get("keyboard").focus();
    };
    element("screens", HTMLSelectElement).onchange = (event) => {
      const number = Number(/** @type {HTMLSelectElement} */ (event.target).value);
      this.screen?.show(number);
      this.session?.send({ type: "screen_chosen", screen: number });
    };
    const dialog = element("text-dialog", HTMLDialogElement);
    get("type-text").onclick = () => { element("text", HTMLTextAreaElement).value = ""; dialog.returnValue = ""; dialog.showModal(); };
    dialog.onclose = () => {
      const text = element("text", HTMLTextAreaElement).value.replaceAll("\r", "");
      if (dialog.returnValue === "type" && text && this.hasControl()) this.session?.send({ type: "text_typed", text });
      get("keyboard").focus();
    };
    for (const [label, codes] of Object.entries(SPECIAL_KEYS)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.onclick = () => { if (this.hasControl()) this.keyboard?.chord(codes); get("special").removeAttribute("open"); get("keyboard").focus(); };
      get("special-keys").append(button);
    }
    addEventListener("keydown", (event) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key === "?" && !isTyping) element("help", HTMLDialogElement).showModal();
    });
    addEventListener("resize", () => this.screen?.placePointer());
    addEventListener("beforeunload", (event) => { if (document.body.dataset.state === "live") event.preventDefault(); });
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    try {
      await work();
    } catch (error) {
      console.error(error);
      this.#say(_("The server did not accept this. Nothing is lost: try again, or sign in again."));
    }
  }

  /** @param {string} section @param {string} state */
  #show(section, state) {
    for (const id of ["sign-in", "tickets", "begin", "pairing"]) get(id).hidden = id !== section;
    document.body.dataset.state = state;
  }

  /** @param {string} text */
  #say(text) {
    for (const id of ["status", "notice"]) {
      get(id).textContent = text;
      get(id).hidden = !text;
    }
  }

  /** @param {string} state @param {string} text */
  #over(state, text) {
    if (["ended", "gone", "refused", "used-up"].includes(document.body.dataset.state ?? "")) return;
    this.capabilities.clear();
    this.session?.close();
    get("live").hidden = true;
    get("top").hidden = false;
    get("card").hidden = false;
    this.#show("", state);
    document.body.dataset.access = "";
    get("after").hidden = false;
    this.#say(text);
  }
}

const app = new App();
app.begin().catch((error) => {
  console.error(error);
  get("status").hidden = false;
  get("status").textContent = _("This page could not start. Reload it; nothing is lost.");
});
