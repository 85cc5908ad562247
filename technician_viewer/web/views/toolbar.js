/** How the picture is looked at: fit or 1:1, full screen, which of several screens. */
import { _ } from "../catalogue.js";
import { button, element, get } from "../dom.js";

/** Chromium's keyboard lock: in full screen, keys that the browser would keep for itself go to the customer too. */
const lock = /** @type {{ lock?: () => Promise<void>, unlock?: () => void } | undefined} */ (/** @type {any} */ (navigator).keyboard);

export class Toolbar {
  /**
   * @param {import("../screen/fitting.js").Fitting} fitting
   * @param {{ onScreen: (number: number) => void, onChanged: () => void, note: (text: string) => void }} listener
   */
  constructor(fitting, listener) {
    this.fitting = fitting;
    this.listener = listener;
    button("fit").onclick = () => this.#scale(false);
    button("exact").onclick = () => this.#scale(true);
    button("full-screen").onclick = () => void this.#toggleFullScreen();
    addEventListener("fullscreenchange", () => this.#onFullScreen());
    const screens = element("screens", HTMLSelectElement);
    screens.onchange = () => {
      listener.onScreen(Number(screens.value));
      listener.onChanged();
    };
  }

  /** @param {import("../core/media_codec.js").ScreenShape[]} screens @param {number} current */
  listScreens(screens, current) {
    const list = element("screens", HTMLSelectElement);
    list.replaceChildren(...screens.map(({ number, name, width, height }) => {
      const label = _("Screen {number}", { number: number + 1 });
      return new Option(`${label}${name ? ` · ${name}` : ""} (${width} × ${height})`, String(number));
    }));
    list.value = String(current);
    list.hidden = screens.length < 2;
  }

  /** The keyboard goes to the customer, or comes back. @param {boolean} isRemote */
  keyboardMoved(isRemote) {
    if (!document.fullscreenElement) return;
    if (isRemote) void lock?.lock?.().catch(() => undefined);
    else lock?.unlock?.();
  }

  /** @param {boolean} isExact */
  #scale(isExact) {
    this.fitting.choose(isExact);
    button("fit").setAttribute("aria-pressed", String(!isExact));
    button("exact").setAttribute("aria-pressed", String(isExact));
    this.listener.onChanged();
  }

  async #toggleFullScreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen();
    } catch {
      this.listener.note(_("The browser does not allow full screen here."));
    }
    this.listener.onChanged();
  }

  #onFullScreen() {
    const isFull = Boolean(document.fullscreenElement);
    get("full-screen").setAttribute("aria-pressed", String(isFull));
    this.keyboardMoved(isFull);
    if (!isFull) return;
    this.listener.note(lock?.lock
      ? _("Full screen: all keys go to the customer. Hold Esc to leave it.")
      : _("Full screen: Esc leaves it. This browser keeps some keys, such as Alt+Tab, for itself."));
  }
}
