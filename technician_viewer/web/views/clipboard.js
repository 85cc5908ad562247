/** The customer's clipboard: text is put there, and what they copied is fetched, each by a press of its own. */
import { _ } from "../catalogue.js";
import { Arriving, isTooLong, piecesOf, plain } from "../core/clipboard.js";
import { button, element, get } from "../dom.js";

export class Clipboard {
  #arriving = new Arriving();
  #isAllowed = false;
  #isFree = false;
  /** What the agent has not answered yet. @type {"" | "put" | "fetch"} */
  #waitsFor = "";

  /** @param {{ send: (message: any) => void, ask: () => void }} session `ask`: ask the customer whether they share it */
  constructor(session) {
    this.session = session;
    const wanted = element("clipboard-text", HTMLTextAreaElement);
    button("ask-clipboard").onclick = () => {
      button("ask-clipboard").disabled = true;
      session.ask();
    };
    button("clipboard-mine").onclick = async () => {
      const mine = await navigator.clipboard.readText().catch(() => undefined);
      if (mine === undefined) this.#say(_("The browser does not let this page read your clipboard. Press in the field and paste."));
      else wanted.value = mine;
      wanted.focus();
    };
    button("clipboard-put").onclick = () => this.#put(plain(wanted.value));
    button("clipboard-fetch").onclick = () => {
      this.#wait("fetch");
      session.send({ type: "clipboard_asked" });
    };
    button("clipboard-keep").onclick = async () => {
      const isDone = await navigator.clipboard.writeText(get("clipboard-fetched").textContent ?? "").then(() => true, () => false);
      this.#say(isDone ? _("It is on your clipboard.") : _("The browser does not let this page write to your clipboard. Mark the text and copy it."));
    };
    wanted.oninput = () => this.#show();
  }

  /** @param {boolean} isAllowed @param {boolean} isHeld nobody acts for the moment */
  change(isAllowed, isHeld) {
    if (isAllowed !== this.#isAllowed) {
      this.#say(isAllowed ? _("The customer shares the clipboard with you.") : "");
      this.#waitsFor = "";
      this.#forget();
    }
    this.#isAllowed = isAllowed;
    this.#isFree = isAllowed && !isHeld;
    this.#show();
  }

  /** @param {any} message of the agent's */
  take(message) {
    if (message.type === "clipboard_answered") {
      this.#say(this.#answer(message.answer));
      this.#wait("");
      return;
    }
    const text = this.#arriving.add(message);
    if (text === undefined) return;
    get("clipboard-fetched").textContent = text;
    this.#say(_("Copied there: {count} characters. The customer was told that you read it.", { count: [...text].length }));
    this.#wait("");
  }

  /** The question was answered, or could not be asked. */
  asked() { button("ask-clipboard").disabled = false; }

  /** Nothing that was begun goes on: the connection is interrupted. */
  away() {
    this.#isFree = false;
    this.#show();
  }

  /** @param {string} text */
  #put(text) {
    if (isTooLong(text)) return this.#say(this.#answer("too_long"));
    const pieces = piecesOf(text);
    this.#wait("put");
    pieces.forEach((piece, number) => this.session.send({ type: "clipboard_put", number, pieces: pieces.length, text: piece }));
  }

  /** @param {string} answer */
  #answer(answer) {
    return {
      put: _("It is on the customer's clipboard, and they were told. They can paste it."),
      nothing_copied: _("The customer has copied nothing since they share the clipboard. Ask them to mark the text and copy it, then fetch it again."),
      marked: _("A password manager marked what is copied there as secret: it is not read."),
      not_text: _("What is copied there is no text. Only text can be fetched."),
      too_long: _("That is more than 64 KB. Take a part of it."),
      no_answer: _("The program in which it was copied did not hand it over. Ask the customer to copy it once more."),
      held: _("Not now: the customer reads a question, or has made a pause. Try again afterwards."),
      unavailable: _("The customer's computer cannot share its clipboard, or it was used too often in this session. Type the text, or have it typed."),
    }[answer] ?? "";
  }

  #forget() { get("clipboard-fetched").textContent = ""; }

  /** @param {"" | "put" | "fetch"} what */
  #wait(what) {
    this.#waitsFor = what;
    if (what === "fetch") this.#forget();
    if (what) this.#say("");
    this.#show();
  }

  /** @param {string} text */
  #say(text) {
    get("clipboard-said").textContent = text;
    get("clipboard-said").hidden = !text;
  }

  #show() {
    const fetched = get("clipboard-fetched");
    get("clipboard-shared").hidden = !this.#isAllowed;
    get("clipboard-unshared").hidden = this.#isAllowed;
    button("clipboard-put").disabled = !this.#isFree || this.#waitsFor !== "" || !element("clipboard-text", HTMLTextAreaElement).value;
    button("clipboard-fetch").disabled = !this.#isFree || this.#waitsFor !== "";
    fetched.hidden = button("clipboard-keep").hidden = !fetched.textContent;
  }
}
