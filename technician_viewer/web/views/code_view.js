/** From the code to the customer's answer: the code large, and how far the customer has come. */
import { _ } from "../catalogue.js";
import { button, clock, element, get, input } from "../dom.js";

/** How far it has come, in order. */
const STEPS = ["waiting", "connecting", "reading", "seeing"];

export class CodeView {
  /** @type {number | undefined} */
  #ticking;

  constructor() {
    this.#copies("copy-code", () => get("code").textContent ?? "");
    this.#copies("copy-link", () => input("link").value);
    input("link").onfocus = () => input("link").select();
  }

  /** @param {{ asks: string, reason: string }} asked */
  show({ asks, reason }) {
    get("asked-for").textContent = asks === "control" ? _("To see the screen and control it") : _("To see the screen");
    get("asked-why").textContent = reason;
    this.step("waiting");
    get("pairing-title").focus();
  }

  /** @param {string} code @param {string} link */
  showCode(code, link) {
    get("code").textContent = code;
    input("link").value = link;
  }

  /** @param {number} expiresAt in seconds UTC @param {string} language */
  validUntil(expiresAt, language) {
    const format = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", { hour: "2-digit", minute: "2-digit" });
    const time = format.format(expiresAt * 1000);
    get("expires").textContent = _("Valid until {time}, for one use.", { time: language === "fr" ? time.replace(":", "\u00a0h\u00a0") : time });
  }

  /** @param {string} name one of STEPS */
  step(name) {
    clearInterval(this.#ticking);
    const reached = STEPS.indexOf(name);
    STEPS.forEach((step, index) => {
      const item = get(`step-${step}`);
      item.className = index < reached ? "done" : index === reached ? "now" : "";
      if (index === reached) item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
    });
    // Once somebody has proved to know the code it is of no more use to anybody.
    get("code-box").hidden = reached > 1;
    get("pairing-title").textContent = reached > 1 ? _("The customer is connected") : _("Give this code to the customer");
    get("reading-time").hidden = true;
  }

  /** The customer has so long to answer. @param {number} seconds */
  reading(seconds) {
    this.step("reading");
    const bar = element("reading-bar", HTMLProgressElement);
    const end = performance.now() + seconds * 1000;
    bar.max = seconds;
    const show = () => {
      const left = Math.max(0, (end - performance.now()) / 1000);
      bar.value = left;
      get("reading-left").textContent = _("{time} left to answer", { time: clock(left) });
    };
    show();
    get("reading-time").hidden = false;
    this.#ticking = setInterval(show, 1000);
  }

  over() { clearInterval(this.#ticking); }

  /** @param {string} id @param {() => string} content */
  #copies(id, content) {
    const copy = button(id), label = copy.getAttribute("data-text") ?? "";
    copy.onclick = async () => {
      const done = await navigator.clipboard.writeText(content()).then(() => true, () => false);
      get("copied").textContent = done ? _("Copied.") : _("The browser did not let us copy. Select the text and copy it yourself.");
      copy.textContent = done ? `✓ ${_("Copied")}` : _(label);
      setTimeout(() => { copy.textContent = _(label); }, 4000);
    };
  }
}
