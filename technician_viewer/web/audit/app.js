/** The auditors' room: connects the API, the auditor's key and the views. It is served from the auditor's own machine. */
import { ApiError } from "../api.js";
import { _, loadCatalogue } from "../catalogue.js";
import { element, get, input } from "../dom.js";
import { servedLocally } from "../local.js";
import { findAbilities } from "../screen/abilities.js";
import { Wasm } from "../screen/wasm.js";
import { problemText } from "../views/problems.js";
import { askToSignIn } from "../views/sign_in.js";
import { AuditApi } from "./api.js";
import { CaseView } from "./case_view.js";
import { NotAKeyFile, openKeyFile, WrongPassphrase } from "./key_file.js";
import { ListView } from "./list_view.js";
import { PassOnView } from "./pass_on_view.js";

class Room {
  api = new AuditApi();
  language = navigator.language.startsWith("fr") ? "fr" : "en";
  root = "";
  /** @type {import("./key_file.js").OpenedKey | undefined} the auditor's, once opened; it is gone with the page */
  key;

  async begin() {
    const [wasm, local] = await Promise.all([Wasm.load(), servedLocally(), loadCatalogue(this.language)]);
    this.root = local?.root_fingerprint ?? "";
    this.list = new ListView({ search: (asked) => this.api.sessions(asked), language: () => this.language });
    this.case = new CaseView(wasm, findAbilities(), this.api, {
      root: () => this.root, key: () => this.key, say: (error) => this.#say(error), language: () => this.language,
    });
    this.passOn = new PassOnView(this.api, { root: () => this.root, key: () => this.key, say: (error) => this.#say(error) });
    askToSignIn(this.api, (text) => this.#say(text), local?.relay ?? "");
    element("key-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.#openKey();
    };
    try {
      const me = await this.api.me();
      this.language = me.language;
      get("person").textContent = me.full_name;
      await loadCatalogue(this.language);
      if (me.root_fingerprint !== this.root) return this.#say(_("The server shows another organisation's key than the one this machine was given. Do not go on: tell whoever runs it."));
      if (!me.roles.includes("auditor")) return this.#say(_("This room is for auditors only. Ask an administrator if you should be one."));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#show("sign-in");
    }
    this.list.translate();
    addEventListener("hashchange", () => void this.#go());
    await this.#go();
  }

  /** Show what the address says: one session, recordings to be passed on, or the list. */
  async #go() {
    this.#say("");
    const [, what, session] = /^#(session|pass-on)=([0-9a-f]{32}|search)$/.exec(location.hash) ?? [];
    this.#show(what === "session" ? "case" : what ?? "list");
    this.case?.player.hide();
    this.passOn?.hide();
    if (what === "session" && session) await this.case?.show(session);
    else if (what === "pass-on" && session) await this.passOn?.show(session === "search" ? await this.list?.recorded() ?? [] : [session]);
    else await this.list?.search();
  }

  async #openKey() {
    const [file] = input("key-file").files ?? [];
    if (!file) return;
    try {
      this.key = await openKeyFile(await file.text(), input("passphrase").value);
      input("passphrase").value = "";
      get("key-state").hidden = false;
      get("key-state").textContent = "✓ " + _("Key of {name}", { name: this.key.auditor.name });
      this.#say("");
      if (document.body.dataset.view === "case") await this.case?.openWithKey();
      else this.passOn?.openWithKey();
    } catch (error) {
      if (error instanceof NotAKeyFile) this.#say(_("This file is not an auditor’s key. Choose the one that mainforte-viewer auditor-key made."));
      else if (error instanceof WrongPassphrase) this.#say(_("The key does not open: the passphrase is another one. Try again."));
      else throw error;
    }
  }

  /** @param {string} view */
  #show(view) {
    document.body.dataset.view = view;
    // One form for the key, wherever it is asked for.
    document.querySelector(`[data-for="${view}"] .key-place`)?.append(get("key-form"));
  }

  /** @param {unknown} what a text, or an error */
  #say(what) {
    const text = typeof what === "string" ? what : problemText(what);
    get("status").hidden = !text;
    get("status").textContent = text;
    get("status").classList.toggle("problem", Boolean(text));
  }
}

const room = new Room();
addEventListener("unhandledrejection", (event) => {
  get("status").hidden = false;
  get("status").className = "status problem";
  get("status").textContent = problemText(event.reason);
});
void room.begin();
