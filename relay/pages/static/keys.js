/** Keyboard paths for those who live here: `?` shows them. One may turn the single keys off (WCAG 2.2, 2.1.4). */

const KEPT = "mainforte-keys";
const PATHS = { t: "/tickets", c: "/customers", k: "/knowledge", p: "/process", o: "/people", d: "/desk" };
const GOES_MS = 1500;

/** Into which letters are typed, or which moves by them. */
const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset]), textarea, select";

/** Whether keys are meant for what has the focus. @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED_INTO));
}

function areOn() {
  return localStorage.getItem(KEPT) !== "off";
}

/** The links of a list, one of which has the focus, or the first. @param {number} step */
function move(step) {
  const links = [...document.querySelectorAll("main .list tbody a, main #results a, main #suggestions a")];
  const at = links.indexOf(/** @type {Element} */ (document.activeElement));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))];
  if (next instanceof HTMLElement) next.focus();
}

/** Unfold and go to a part of the ticket. @param {string} action */
function goTo(action) {
  const form = document.querySelector(`form[data-action="${action}"]`);
  const folded = form?.closest("details");
  if (folded) folded.open = true;
  const field = form?.querySelector("input:not([type=hidden]), textarea, select, button");
  if (field instanceof HTMLElement) field.focus();
}

/** What a single key does. @type {Record<string, () => void>} */
const KEYS = {
  "/": () => /** @type {HTMLElement | null} */ (document.querySelector("main input[type=search]"))?.focus(),
  n: () => {
    // Whoever only reads opens no tickets.
    const place = dialog?.dataset.new;
    if (place) location.assign(place);
  },
  j: () => move(1),
  k: () => move(-1),
  a: () => goTo("assess"),
  w: () => goTo("words"),
  s: () => goTo("solve"),
  e: () => goTo("escalate"),
  m: () => goTo("note"),
  x: () => goTo("close"),
};

class Keys {
  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.goesUntil = 0;
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.getElementById("show-keys")?.addEventListener("click", () => dialog.showModal());
    const box = dialog.querySelector("input[type=checkbox]");
    if (box instanceof HTMLInputElement) {
      box.checked = areOn();
      box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target) || this.dialog.open || !areOn()) return;
    const goes = performance.now() < this.goesUntil;
    this.goesUntil = 0;
    if (event.key === "?") this.dialog.showModal();
    else if (goes && event.key in PATHS) location.assign(PATHS[/** @type {keyof typeof PATHS} */ (event.key)]);
    else if (event.key === "g") this.goesUntil = performance.now() + GOES_MS;
    else if (event.key in KEYS) KEYS[event.key]();
    else return;
    event.preventDefault();
  }
}

const dialog = document.getElementById("keys");
if (dialog instanceof HTMLDialogElement) new Keys(dialog);
