/** What lies over the picture while it is not live: why, since when, and how long we still wait. */
import { clock, get } from "../dom.js";

export class Curtain {
  /** @type {number | undefined} */
  #ticking;

  /**
   * @param {string} title @param {string} text
   * @param {{ text: string, over: string, until: number }[]} [waits] what may still go on by itself, until when (UTC milliseconds):
   *   `text` with `{time}` for what is left, `over` when nothing is
   */
  show(title, text, waits = []) {
    clearInterval(this.#ticking);
    get("curtain-title").textContent = title;
    get("curtain-text").textContent = text;
    get("curtain-time").hidden = waits.length === 0;
    const tick = () => {
      get("curtain-time").replaceChildren(...waits.map((wait) => {
        const leftS = (wait.until - Date.now()) / 1000, line = document.createElement("span");
        line.textContent = leftS > 0 ? wait.text.replace("{time}", clock(leftS)) : wait.over;
        return line;
      }));
    };
    tick();
    if (waits.length) this.#ticking = setInterval(tick, 1000);
    get("curtain").hidden = false;
  }

  hide() {
    clearInterval(this.#ticking);
    get("curtain").hidden = true;
  }
}
