/** The session page: connects the desk's API, the session and the views. */
import { Api, ApiError } from "./api.js";
import { _, loadCatalogue } from "./catalogue.js";
import { freshSecret, inLink } from "./codes.js";
import { fromBase64Url, toBase64 } from "./core/bytes.js";
import { verifyDocument } from "./core/identity.js";
import { verifyInvitation } from "./core/invitation.js";
import { VIEW_GRACE_S } from "./core/limits.js";
import { button, element, get, loadIcons } from "./dom.js";
import { servedLocally } from "./local.js";
import { findAbilities } from "./screen/abilities.js";
import { Wasm } from "./screen/wasm.js";
import { recall } from "./session/keeping.js";
import { TechnicianSession } from "./session/technician_session.js";
import { BeginForm } from "./views/begin_form.js";
import { CodeView } from "./views/code_view.js";
import { listInvitations } from "./views/invitations.js";
import { problemText } from "./views/problems.js";
import { SessionView } from "./views/session_view.js";
import { askToSignIn, listTickets } from "./views/sign_in.js";

/** A page that was loaded again has its picture by then. */
const TRY_AFTER_MS = 3000;

/** How long the agent may take to say that it has ended, before we end without it. */
const END_MS = 3000;

const OVER = ["ended", "gone", "refused", "used-up", "left"];

/** A session is going on, so that closing the tab is asked about. */
const GOING_ON = ["waiting", "live", "returning"];

class App {
  api = new Api();
  #asked = new URLSearchParams(location.search);
  ticketNumber = this.#asked.get("ticket") ?? "";
  /** The session of somebody else that we are invited to. */
  invitedTo = this.#asked.get("join") ?? "";
  /** What a guest's link carries. */
  linkToken = this.#asked.has("guest") ? location.hash.slice(1) : "";
  /** @type {any} */
  me;
  /** @type {{ relay: string, root_fingerprint: string } | undefined} there where the technician's own machine serves this page */
  local;
  /** @type {any} */
  ticket;
  /** @type {any} what the desk gave for this session, and what was asked */
  opened;
  /** @type {TechnicianSession | undefined} */
  session;
  room = "";
  /** Whether the relay has opened the room: only then is there somebody behind the code. */
  isRoomOpen = false;
  /** What the customer is to be given. */
  code = { code: "", link: "" };
  codes = new CodeView();
  /** @type {Promise<import("./screen/abilities.js").Abilities> | undefined} what this browser decodes, once that is being tried */
  #abilities;

  /** When the agent was last heard before a cut, by performance.now(). */
  awaySinceMs = 0;

  async begin() {
    // Before anything else: a session that this tab had when it was loaded again goes on at once, and asks nobody anything.
    const [kept, wasm] = await Promise.all([recall(VIEW_GRACE_S * 1000).catch(() => undefined), Wasm.load(), loadIcons()]);
    this.view = new SessionView(wasm, {
      send: (message) => this.session?.send(message),
      isBusy: () => this.session?.isBusy ?? false,
      heardMs: () => this.session?.lastHeardMs ?? 0,
      heardAt: () => this.session?.heardAt ?? 0,
      remember: (entry, text) => this.session?.remember(`note ${entry}`, text),
      recalled: (entry) => this.session?.person.shown[`note ${entry}`] ?? "",
      chatRead: () => Number(this.session?.person.shown["chat read"] ?? -1),
      rememberChatRead: (entry) => this.session?.remember("chat read", String(entry)),
      askClipboard: () => this.session?.send({ type: "access_asked", capability: "clipboard", reason: this.opened.reason }),
      askControl: () => this.session?.send({ type: "access_asked", capability: "control", reason: this.opened.reason }),
      desk: {
        candidates: async () => {
          await this.#signedIn();
          return this.api.candidates(this.opened.session);
        },
        invite: (whom, role, reason) => this.api.invite(this.opened.session, { ...whom, role, reason }),
        inviteGuest: (name, minutes, reason) => this.api.inviteGuest(this.opened.session, { name, minutes, reason }),
      },
      end: () => this.#end(),
      leave: () => this.#leave(),
      onLive: (isLive) => this.#title(isLive ? _("Live picture") : _("Picture not live")),
    });
    this.form = new BeginForm((wish) => this.#try(button("start"), () => this.#open(wish)));
    button("new-code").onclick = () => this.#try(button("new-code"), async () => this.#pair(await this.api.newRoom(this.opened.session)));
    button("other-form").onclick = () => this.#try(button("other-form"), () => this.#secret(this.#otherForm()));
    button("extend").onclick = () => this.#try(button("extend"), async () => {
      this.codes.validUntil((await this.api.extend(this.opened.session)).expires_at, this.me.language);
    });
    button("give-up").onclick = () => this.#end();
    button("return-end").onclick = () => this.#end();
    addEventListener("beforeunload", (event) => { if (GOING_ON.includes(document.body.dataset.state ?? "")) event.preventDefault(); });
    button("join-give-up").onclick = () => this.#leave();
    if (kept && this.#isFor(kept.person)) return this.#comeBack(kept);
    void this.#tried();
    if (this.#asked.has("guest")) return this.#welcomeGuest();
    this.local = await servedLocally();
    if (this.local) await loadCatalogue(navigator.language.startsWith("fr") ? "fr" : "en");
    try {
      this.me = await this.api.me();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#signIn();
    }
    await loadCatalogue(this.me.language);
    if (this.local && this.me.root_fingerprint !== this.local.root_fingerprint) {
      this.#show("", "wrong-root");
      return this.#say(_("The server shows another organisation's key than the one this machine was given. Do not go on: tell whoever runs it."), true);
    }
    get("person").textContent = this.me.full_name;
    this.#linkTo(this.ticketNumber);
    if (this.invitedTo) return this.#offerToJoin();
    void this.#listInvitations();
    if (!this.ticketNumber) {
      const { tickets } = await this.api.tickets();
      listTickets(tickets);
      return this.#show("tickets", "tickets");
    }
    this.ticket = await this.api.ticket(this.ticketNumber);
    this.#show("begin", "begin");
    this.#title(_("Start remote assistance"));
    this.form.show(this.ticket, this.me.language);
  }

  /** @param {string} number */
  #linkTo(number) {
    if (!number) return;
    get("ticket").textContent = _("Ticket {number}", { number });
    const path = `${this.local?.relay ?? ""}/tickets/${encodeURIComponent(number)}`;
    for (const id of ["back", "ticket"]) element(id, HTMLAnchorElement).href = path;
    element("again", HTMLAnchorElement).href = location.href;
  }

  /** Whether this page, by its address, is where that session was. @param {import("./session/technician_session.js").Person} person */
  #isFor({ session, ticket }) {
    if (this.invitedTo) return session === this.invitedTo;
    return !this.linkToken && (!this.ticketNumber || ticket === this.ticketNumber);
  }

  /** The API's token for whoever is signed in, which a page that was loaded again has not asked for yet. */
  async #signedIn() { this.me ??= await this.api.me(); }

  /** Those for this ticket, or all of them beside the list of tickets; the page is of use without them. */
  async #listInvitations() {
    const all = await this.api.invitations().catch(() => []);
    if (![...GOING_ON, ...OVER].includes(document.body.dataset.state ?? "")) listInvitations(all.filter((/** @type {any} */ each) => !this.ticketNumber || each.ticket === this.ticketNumber));
  }

  async #offerToJoin() {
    const invitation = (await this.api.invitations()).find((/** @type {any} */ each) => each.session === this.invitedTo);
    if (invitation) {
      this.ticketNumber = invitation.ticket;
      this.#linkTo(invitation.ticket);
    }
    get("joining-what").textContent = invitation
      ? _("{name} invites you: ticket {number}, {subject}", { name: invitation.invited_by, number: invitation.ticket, subject: invitation.subject })
      : _("You join a session of somebody else. The customer is told who you are, and asked.");
    this.#showJoining(() => this.#join((key) => this.api.join(this.invitedTo, key), this.me.full_name, (answer) => this.local?.root_fingerprint ?? answer.root_fingerprint));
  }

  /** Somebody from outside, with a link and no account. */
  async #welcomeGuest() {
    await loadCatalogue(navigator.language.startsWith("fr") ? "fr" : "en");
    get("back").hidden = true;
    if (!this.linkToken) return this.cannotBegin(_("This link is not complete. Open it again as you were given it, or ask for a new one."));
    get("joining-what").textContent = _("You are invited to look on while a customer is helped. The customer is told who you are, and asked.");
    this.#showJoining(() => this.#join((key) => this.api.joinByLink(this.linkToken, key), "", (answer) => answer.root_fingerprint));
  }

  /** @param {() => Promise<void>} join */
  #showJoining(join) {
    this.#show("joining", "joining");
    this.#title(_("Join a session"));
    button("join-now").onclick = () => this.#try(button("join-now"), join);
  }

  /**
   * Be certified for the session, check whom it is with, and ask the customer.
   *
   * @param {(key: string) => Promise<any>} certified @param {string} me @param {(answer: any) => string} root the fingerprint to believe
   */
  async #join(certified, me, root) {
    const keys = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const key = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
    const answer = await certified(toBase64(key));
    // The link is used: what is left in the address would only fail.
    if (this.linkToken) history.replaceState(null, "", "?guest");
    const { session, certificate, ticket, subject, reason, document: organisation, entries, heads, technician_certificate: firstCertificate } = answer;
    const known = { fingerprint: fromBase64Url(root(answer)), session, key };
    const joiningKey = await verifyInvitation({ document: organisation, certificate, firstCertificate, entries, heads }, known, Math.floor(Date.now() / 1000));
    const customer = me ? (await this.api.ticket(ticket)).customer.name : "";
    const shown = { me: me || answer.name, customer, language: document.documentElement.lang, isGuest: me ? "" : "yes" };
    const { origins } = await verifyDocument(organisation, known.fingerprint, Math.floor(Date.now() / 1000));
    const person = { ...this.#places(origins), session, keys, certificate, ticket, subject, reason, asks: "view", shown };
    this.ticketNumber = ticket;
    this.opened = person;
    get("person").textContent = shown.me;
    if (me) this.#linkTo(ticket);
    this.#take(new TechnicianSession(person, { invitation: { joiningKey } }, (await this.#tried()).codecs));
    this.session?.start();
    document.body.dataset.state = "waiting";
    get("join-now").hidden = true;
    get("join-give-up").hidden = false;
    this.#waiting("", _("Connecting with the customer's computer."));
  }

  /** Try out what this browser decodes, once. */
  async #tried() {
    const found = await (this.#abilities ??= findAbilities());
    this.view?.canDecode(found);
    return found;
  }

  /** The page was loaded again: the session goes on. @param {import("./session/keeping.js").Kept} kept */
  async #comeBack({ person, secrets, heardAt }) {
    this.ticketNumber = person.ticket;
    this.opened = { ...person };
    await loadCatalogue(person.shown.language ?? "en").catch(() => undefined);
    this.#take(new TechnicianSession(person, { kept: { secrets, heardAt } }, []));
    this.awaySinceMs = performance.now() - (Date.now() - heardAt);
    this.session?.start();
    this.#show("returning", "returning");
    get("person").textContent = person.shown.me ?? "";
    this.#title(_("Coming back to the session"));
    // The picture first: what decodes it has been agreed on, and by which way it is drawn matters less.
    setTimeout(() => void this.#tried(), TRY_AFTER_MS);
    // What is only needed to invite somebody, or after the end.
    this.local = await servedLocally().catch(() => undefined);
    if (person.shown.isGuest) get("back").hidden = true;
    else this.#linkTo(person.ticket);
  }

  /** Served by the relay, signing in is the desk's page; served by the technician's own machine, it is this one. */
  async #signIn() {
    if (!this.local) return location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    this.#show("sign-in", "sign-in");
    askToSignIn(this.api, (text) => this.#say(text, true), this.local.relay);
  }

  /** @param {{ reason: string, asks: string, form: string }} wish */
  async #open(wish) {
    const keys = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const key = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
    const { reason, asks } = wish;
    const root = fromBase64Url(this.local?.root_fingerprint ?? this.me.root_fingerprint);
    const { origins } = await verifyDocument(await this.api.organisation(), root, Math.floor(Date.now() / 1000));
    this.opened = { ...(await this.api.openSession(this.ticketNumber, { reason, asks, key })), ...wish, keys, origins };
    await this.#pair(this.opened);
  }

  /**
   * Where the relay's sockets are: that of the server this page is with, and those of its nodes.
   *
   * @param {string[]} origins as the organisation's document lists them
   */
  #places(origins) {
    const here = this.local?.relay ?? location.origin;
    const socket = (/** @type {string} */ origin) => (this.local
      ? `${location.origin.replace(/^http/, "ws")}/room?at=${encodeURIComponent(origin)}`
      : `${origin.replace(/^http/, "ws")}/room`);
    return { url: socket(here), urls: origins.map(socket) };
  }

  /** For a customer who cannot type what is shown. */
  #otherForm() { return this.opened.form === "digits" ? this.me.language : "digits"; }

  /** @param {{ room: string, token: string, expires_at: number }} room */
  async #pair(room) {
    const { certificate, ticket, subject, reason, asks, keys, form } = this.opened;
    const shown = { me: this.me.full_name, customer: this.ticket.customer.name, language: this.me.language };
    const person = { ...this.#places(this.opened.origins), session: this.opened.session, keys, certificate, ticket, subject, reason, asks, shown };
    const code = { token: room.token, code: "", rootFingerprint: fromBase64Url(this.me.root_fingerprint) };
    this.#take(new TechnicianSession(person, { code }, (await this.#tried()).codecs));
    this.room = room.room;
    this.isRoomOpen = false;
    await this.#secret(form);
    this.session?.start();
    this.#show("pairing", "waiting");
    this.codes.show({ asks, reason });
    this.codes.validUntil(room.expires_at, this.me.language);
    this.#waiting("waiting", _("Waiting for the customer to type the code."));
  }

  /** @param {TechnicianSession} session it is shown from now on, and no other */
  #take(session) {
    const on = (/** @type {string} */ name, /** @type {(detail: any) => void} */ then) =>
      session.addEventListener(name, (event) => { if (this.session === session) then(/** @type {CustomEvent} */ (event).detail); });
    on("state", (detail) => this.#onState(detail));
    on("message", (message) => this.#onMessage(message));
    on("parts", ({ parts, atMs }) => this.view?.screen.take(parts, atMs));
    this.session = session;
    const { ticket, shown } = session.person;
    this.view?.begin({ ticket: _("Ticket {number}", { number: ticket }), customer: shown.customer ?? "" });
  }

  /** Make a fresh secret for the room; the one before is worth nothing from now on. @param {string} form */
  async #secret(form) {
    if (!this.session) return;
    const code = `${this.room} ${await freshSecret(form)}`;
    this.opened.form = form;
    this.session.useCode(code);
    this.code = { code, link: `${this.local?.relay ?? location.origin}/#code=${inLink(code)}&root=${this.me.root_fingerprint}` };
    this.#showCode();
    button("other-form").textContent = form === "digits" ? _("In words instead") : _("In digits instead");
  }

  /** A code that opens nothing yet is not to be told to anybody. */
  #showCode() {
    const { code, link } = this.isRoomOpen ? this.code : { code: "", link: "" };
    this.codes.showCode(code, link);
  }

  /** @param {{ state: string, reason: string }} detail */
  #onState({ state, reason }) {
    if (state === "waiting" && !this.isRoomOpen) {
      this.isRoomOpen = true;
      this.#showCode();
    }
    if (state === "candidate") this.#waiting("connecting", _("Somebody has typed the code: connecting."));
    if (state === "waiting") this.#waiting("waiting", _("Waiting for the customer to type the code."));
    if (state === "paired" && !get("joining").hidden) this.#waiting("", _("The customer is asked whether you may join."));
    else if (state === "paired") this.#waiting("reading", _("Connected. The customer's computer checks who you are."));
    if (state === "away") {
      this.awaySinceMs = this.session?.lastHeardMs ?? 0;
      this.view?.away();
      if (document.body.dataset.state === "waiting") this.#waiting("", _("The connection is interrupted, and comes back by itself."));
    }
    if (state === "back") {
      this.view?.back(performance.now() - this.awaySinceMs);
      if (document.body.dataset.state === "waiting") this.#waiting("reading", _("Connected again."));
    }
    if (state === "sent_away") this.#sentAway(reason);
    if (state === "left") this.#over("left", _("You have left the session"), _("It goes on without you. What happened is on the ticket."));
    if (state === "code_used_up") {
      this.#over("used-up", _("This code is used up"), _("Three wrong attempts: somebody may be guessing. Nothing was shown. Make sure that you speak with your customer, then give a new code."));
    }
    if (state === "refused") {
      const expired = reason === "expired" || reason === "bad_token";
      if (expired) this.#over("refused", _("This code has expired"), _("Nobody typed it in time. Nothing was shown. One press gives a new one."), true);
      else if (["desk_unreachable", "shutting_down", "lost"].includes(reason)) this.#over("refused", _("The server is starting again"), _("This code was not opened, and nothing was shown. Wait a minute, then get a new one."), true);
      else this.#over("refused", _("The connection was ended"), _("Something in it was not right, so it was not trusted. What happened until then is on the ticket. Start again."));
    }
    if (state === "gone") {
      this.#over("gone", _("The customer is gone"), reason === "grace"
        ? _("Five minutes have passed without a connection. What happened until then is on the ticket. Speak with your customer, then start again with a new code.")
        : _("The connection is lost. What happened until then is on the ticket."));
    }
  }

  /** @param {string} by */
  #sentAway(by) {
    const hasSeen = document.body.dataset.state === "live";
    if (by === "time") this.#over("left", hasSeen ? _("Your time is over") : _("The customer did not answer"), hasSeen ? _("The session goes on without you.") : _("That counts as a no. Nothing was shown."));
    else this.#over("left", hasSeen ? _("The customer has sent you away") : _("The customer said no"), hasSeen ? _("You see nothing more. The session may go on with others.") : _("Nothing was shown to you. Speak with whoever invited you before you try again."));
  }

  /** @param {any} message */
  #onMessage(message) {
    switch (message.type) {
      case "prompt_opened":
        document.body.dataset.prompt = "open";
        if (document.body.dataset.state === "returning") {
          this.codes.show(this.opened);
          this.#show("pairing", "waiting");
        }
        if (document.body.dataset.state === "waiting" && !get("joining").hidden) {
          this.#waiting("", _("The customer is asked whether you may join."));
        } else if (document.body.dataset.state === "waiting") {
          this.codes.reading(message.seconds);
          this.#waiting("", _("The customer is reading your question."));
        }
        break;
      case "prompt_closed": {
        document.body.dataset.prompt = "";
        const answers = { allowed: _("The customer said yes."), refused: _("The customer said no.") };
        this.#waiting("", answers[/** @type {keyof typeof answers} */ (message.answer)] ?? _("The customer did not answer, which counts as a no."));
        break;
      }
      case "access_not_stored":
        this.#waiting("", _("The customer said yes, but it could not be recorded: nothing is allowed. Ask again."));
        break;
      case "access_changed":
        if (message.capabilities.length) this.#goLive();
        break;
      case "ended":
        this.#ended(message.outcome);
        break;
    }
    this.view?.take(message);
  }

  #goLive() {
    if (document.body.dataset.state === "live") return;
    this.codes.over();
    document.body.dataset.state = "live";
    get("card").hidden = true;
    get("top").hidden = true;
  }

  /** End it; where the agent does not answer any more, without it. */
  #end() {
    button("end").disabled = true;
    void this.session?.end();
    setTimeout(() => this.#ended("completed"), ["live", "returning"].includes(document.body.dataset.state ?? "") ? END_MS : 0);
  }

  /** The others go on. */
  #leave() {
    button("end").disabled = true;
    void this.session?.leave();
  }

  /** @param {string} outcome */
  #ended(outcome) {
    const onTicket = _("What happened is on the ticket.");
    const texts = {
      completed: [this.view?.people.mine?.leads === false ? _("The session is over") : _("You ended the session"), onTicket],
      stopped: [_("The customer ended the session"), onTicket],
      declined: [_("The customer said no"), _("Nothing was shown. Speak with them before you ask again.")],
      unanswered: [_("The customer did not answer"), _("That counts as a no. Nothing was shown.")],
      dropped: [_("The connection was lost"), onTicket],
    };
    const [title, text] = texts[/** @type {keyof typeof texts} */ (outcome)] ?? [_("The session could not go on"), onTicket];
    this.#over("ended", title ?? "", text ?? "");
  }

  /** Say what is waited for. @param {string} step of the code view, if it changes @param {string} text */
  #waiting(step, text) {
    if (OVER.includes(document.body.dataset.state ?? "")) return;
    if (document.body.dataset.state === "live") return this.view?.note(text);
    if (step) this.codes.step(step);
    this.#title(text);
    this.#say(text);
  }

  /** @param {string} state @param {string} title @param {string} text @param {boolean} [mayRenew] */
  #over(state, title, text, mayRenew = state === "used-up") {
    if (OVER.includes(document.body.dataset.state ?? "")) return;
    this.session?.close();
    this.codes.over();
    this.view?.over();
    get("top").hidden = false;
    get("card").hidden = false;
    this.#show("after", state);
    get("after-title").textContent = title;
    get("after-text").textContent = text;
    get("new-code").hidden = !mayRenew;
    get("again").hidden = mayRenew || this.invitedTo !== "" || this.#asked.has("guest");
    get("back").classList.toggle("main", !mayRenew);
    this.#title(title);
    this.#say("");
    get("after-title").focus();
  }

  /** There is nothing to show but why. @param {string} text */
  cannotBegin(text) {
    this.#show("after", "failed");
    get("after-title").textContent = _("This did not work");
    get("after-text").textContent = text;
    element("back", HTMLAnchorElement).href = this.local ? "./" : "/tickets";
    get("back").textContent = _("Back to the tickets");
    get("back").classList.add("main");
    get("after-title").focus();
  }

  /** Do it once at a time, and say what went wrong. @param {HTMLButtonElement} pressed @param {() => Promise<void>} work */
  async #try(pressed, work) {
    pressed.disabled = true;
    try {
      await work();
    } catch (error) {
      this.#say(problemText(error), true);
    } finally {
      pressed.disabled = false;
    }
  }

  /** @param {string} section @param {string} state */
  #show(section, state) {
    for (const id of ["sign-in", "tickets", "begin", "pairing", "joining", "returning", "after"]) get(id).hidden = id !== section;
    if (!["tickets", "begin"].includes(section)) get("invitations").hidden = true;
    document.body.dataset.state = state;
    this.#say("");
  }

  /** @param {string} text @param {boolean} [isProblem] */
  #say(text, isProblem = false) {
    get("status").textContent = text;
    get("status").hidden = !text;
    get("status").classList.toggle("problem", isProblem);
  }

  /** Several sessions run in several tabs: each says which it is. @param {string} text */
  #title(text) { document.title = `${this.ticketNumber} ${text} – Mainforte`.trim(); }
}

const app = new App();
app.begin().catch((error) => {
  console.error(error);
  app.cannotBegin(error instanceof ApiError ? problemText(error) : _("This page could not start. Reload it; nothing is lost."));
});
