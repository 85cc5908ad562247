/** The menus of the bar, and the dialogs they open. One menu is open at a time; Esc or a press elsewhere closes it. */
import { button, element, get } from "../dom.js";

/** What a browser or the technician's own system would keep for itself, as physical keys. */
const SPECIAL_KEYS = {
  "Ctrl+Alt+Del": ["ControlLeft", "AltLeft", "Delete"],
  "Alt+Tab": ["AltLeft", "Tab"],
  "Alt+F4": ["AltLeft", "F4"],
  "Ctrl+W": ["ControlLeft", "KeyW"],
  "Ctrl+Esc": ["ControlLeft", "Escape"],
  Windows: ["MetaLeft"],
  "Print Screen": ["PrintScreen"],
};

export class Menus {
  /**
   * @param {{ pressKeys: (codes: string[]) => void, typeText: (text: string) => void, onClosed: () => void }} listener
   *   `onClosed`: the keyboard is free again
   */
  constructor(listener) {
    this.listener = listener;
    this.menus = [...document.querySelectorAll("details.menu")].filter((each) => each instanceof HTMLDetailsElement);
    for (const menu of this.menus) menu.addEventListener("toggle", () => { if (menu.open) this.#place(menu); });
    addEventListener("pointerdown", (event) => {
      if (!this.menus.some((menu) => event.target instanceof Node && menu.contains(event.target))) this.close();
    });
    addEventListener("keydown", (event) => {
      const open = this.menus.find((menu) => menu.open);
      if (event.key !== "Escape" || !open) return;
      this.close();
      open.querySelector("summary")?.focus();
    });
    this.#listKeys();
    this.#connectDialogs();
  }

  /** Close all but one. @param {HTMLDetailsElement} [kept] */
  close(kept) { for (const menu of this.menus) if (menu !== kept) menu.open = false; }

  /** The only open one, and all of it on the page: a bar of several lines may have it at the left edge. @param {HTMLDetailsElement} menu */
  #place(menu) {
    this.close(menu);
    menu.classList.remove("opens-right");
    menu.classList.toggle("opens-right", (menu.querySelector(".menu-list")?.getBoundingClientRect().left ?? 0) < 0);
  }

  #listKeys() {
    for (const [label, codes] of Object.entries(SPECIAL_KEYS)) {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = label;
      key.onclick = () => {
        this.listener.pressKeys(codes);
        this.close();
        this.listener.onClosed();
      };
      get("special-keys").append(key);
    }
  }

  #connectDialogs() {
    const text = element("text", HTMLTextAreaElement), dialog = element("text-dialog", HTMLDialogElement);
    button("type-text").onclick = () => {
      text.value = "";
      dialog.returnValue = "";
      dialog.showModal();
    };
    dialog.onclose = () => {
      const typed = text.value.replaceAll("\r", "");
      text.value = "";
      if (dialog.returnValue === "type" && typed) this.listener.typeText(typed);
      this.listener.onClosed();
    };
    const help = element("help", HTMLDialogElement);
    button("show-help").onclick = () => help.showModal();
    help.onclose = () => this.listener.onClosed();
    addEventListener("keydown", (event) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key === "?" && !isTyping && !help.open) help.showModal();
    });
  }
}
