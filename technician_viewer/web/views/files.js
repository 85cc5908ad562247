/** The menu of files: asking whether any may be exchanged, sending one, asking for one, and what became of each. */
import { _ } from "../catalogue.js";
import { FILE_BYTES_MAX } from "../core/limits.js";
import { button, element, get, input } from "../dom.js";
import { FileTransfers } from "../session/file_transfers.js";
import { sizeText } from "../sizes.js";

/** @typedef {import("../session/file_transfers.js").Transfer} Transfer */

export class Files {
  /** Whether the customer allows it now. */
  #isAllowed = false;
  /** What is shown of each, so that a list that changes often keeps its buttons. @type {Map<Transfer, { item: HTMLLIElement, state: string }>} */
  #items = new Map();
  /** @type {string[]} addresses of what has arrived */
  #addresses = [];

  /** @param {{ send: (message: any) => void, note: (text: string) => void, onClosed: () => void }} session */
  constructor(session) {
    this.session = session;
    this.transfers = new FileTransfers({ send: session.send, nowS: () => performance.now() / 1000, onChanged: () => this.#show() });
    element("files-ask", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      session.send({ type: "access_asked", capability: "files", reason: element("files-reason", HTMLTextAreaElement).value.replaceAll("\r", "").trim() });
      button("ask-files").disabled = true;
    };
    const chooser = input("file-chooser");
    button("send-file").onclick = () => chooser.click();
    chooser.onchange = () => {
      this.#offer(chooser.files);
      chooser.value = "";
    };
    element("file-request", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      const what = input("file-what").value.trim();
      if (!what) return;
      this.transfers.ask(what);
      input("file-what").value = "";
    };
    this.#takeDrops();
  }

  /** What the customer allows us now. @param {boolean} isAllowed @param {boolean} mayAsk */
  allow(isAllowed, mayAsk) {
    this.#isAllowed = isAllowed;
    get("files").hidden = !mayAsk && !isAllowed;
    get("files-ask").hidden = isAllowed;
    get("files-allowed").hidden = !isAllowed;
    get("files-state").textContent = isAllowed ? "✓" : "";
    this.#show();
  }

  /** The customer has answered, or nobody asks any more. */
  answered() { button("ask-files").disabled = false; }

  /** @param {any} message */
  take(message) {
    if (message.type === "file_chosen") this.session.note(_("The customer sends “{name}”.", { name: shownName(message.name) }));
    return this.transfers.take(message);
  }

  over() {
    this.transfers.over();
    element("files", HTMLDetailsElement).open = false;
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  /** @param {FileList | null | undefined} files */
  #offer(files) {
    const [file, second] = files ?? [];
    if (!file) return;
    if (!this.#isAllowed) this.session.note(_("Ask first whether files may be exchanged: menu Files."));
    else if (this.transfers.isBusy("to_customer")) this.session.note(_("One file at a time: wait until the other one is there."));
    else {
      if (second) this.session.note(_("One file at a time: only the first is sent."));
      element("files", HTMLDetailsElement).open = true;
      void this.transfers.offer(file);
    }
  }

  /** What is dropped anywhere on the page must never be opened in place of it. */
  #takeDrops() {
    const live = get("live");
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      live.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => { if (event.relatedTarget === null) live.classList.remove("dropping"); });
    addEventListener("drop", (event) => {
      live.classList.remove("dropping");
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (!live.hidden) this.#offer(event.dataTransfer?.files);
    });
  }

  #show() {
    button("send-file").disabled = this.transfers.isBusy("to_customer");
    button("request-file").disabled = this.transfers.isBusy("from_customer");
    const shown = this.transfers.all.map((transfer) => this.#item(transfer));
    for (const [transfer] of this.#items) if (!this.transfers.all.includes(transfer)) this.#items.delete(transfer);
    const list = get("file-list");
    if (shown.length !== list.children.length || shown.some((item, at) => list.children[at] !== item)) list.replaceChildren(...shown);
  }

  /** @param {Transfer} transfer */
  #item(transfer) {
    const state = `${transfer.name} ${transfer.size} ${transfer.outcome}`, known = this.#items.get(transfer);
    const kept = known?.state === state ? known.item : this.#newItem(transfer);
    if (kept !== known?.item) this.#items.set(transfer, { item: kept, state });
    const bar = kept.querySelector("progress");
    if (bar && transfer.size) bar.value = transfer.moved / transfer.size;
    return kept;
  }

  /** @param {Transfer} transfer */
  #newItem(transfer) {
    const item = document.createElement("li"), name = document.createElement("strong"), state = document.createElement("span");
    name.textContent = shownName(transfer.name) || transfer.what;
    state.className = transfer.outcome && transfer.outcome !== "moved" ? "problem-text" : "quiet";
    state.textContent = stateText(transfer);
    if (transfer.outcome) state.setAttribute("role", "status");
    item.append(name, state);
    if (!transfer.outcome) {
      const bar = document.createElement("progress");
      bar.setAttribute("aria-label", name.textContent);
      item.append(bar, this.#action(_("Cancel"), name.textContent, () => this.transfers.cancel(transfer)));
      return item;
    }
    if (transfer.arrived) {
      const save = document.createElement("a");
      save.className = "button";
      save.href = URL.createObjectURL(transfer.arrived);
      this.#addresses.push(save.href);
      save.download = safeName(transfer.name);
      save.textContent = _("Save");
      save.setAttribute("aria-label", `${_("Save")}: ${name.textContent}`);
      item.append(save);
    }
    item.append(this.#action(_("Put away"), name.textContent, () => this.transfers.forget(transfer)));
    return item;
  }

  /** @param {string} label @param {string} name @param {() => void} work */
  #action(label, name, work) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "link";
    made.textContent = label;
    made.setAttribute("aria-label", `${label}: ${name}`);
    made.onclick = work;
    return made;
  }
}

/** @param {Transfer} transfer */
function stateText({ direction, name, size, outcome }) {
  const isGoing = direction === "to_customer", amount = name && size ? ` · ${sizeText(size)}` : "";
  if (!outcome) {
    if (!isGoing && !name) return _("The customer chooses a file, or says no.");
    return (isGoing ? _("On its way to the customer") : _("On its way from the customer")) + amount;
  }
  if (outcome === "moved") return (isGoing ? _("In the customer’s folder for downloads") : _("Arrived")) + amount;
  const max = { size: FILE_BYTES_MAX / 2 ** 20 };
  const why = {
    cancelled: _("You stopped it."), refused: isGoing ? _("The customer stopped it.") : _("The customer said no."), withdrawn: _("The customer does not allow files any more."),
    paused: _("The customer paused the session."), interrupted: _("The connection was interrupted."), busy: _("Another file is on its way."), too_large: _("It is larger than {size} MB.", max),
    no_room: _("The customer’s disk is full."), not_writable: _("Nothing can be written to the customer’s folder."),
    unreadable: isGoing ? _("It cannot be read here.") : _("It cannot be read on the customer’s computer."), altered: _("It changed on the way, and was not kept."),
  };
  return why[/** @type {"refused"} */ (outcome)] ?? outcome;
}

/** Without what deceives: marks of direction, and what nobody sees. @param {string} name */
const shownName = (name) => name.replace(/\p{C}/gu, "").trim();

/**
 * A name to save under, whatever the other side says: no path, nothing hidden, nothing that Windows keeps for itself.
 *
 * @param {string} name
 */
export function safeName(name) {
  const plain = shownName(name.split(/[/\\]/).at(-1) ?? "").replace(/[<>:"|?*]/g, "_").replace(/^[. ]+|[. ]+$/g, "").slice(0, 200);
  return /^(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)/i.test(plain) ? `_${plain}` : plain || "file";
}
