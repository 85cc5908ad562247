/** What moves on the desk's pages: answers while one types, and what others change. Without this script every page works all the same. */

const WAIT_MS = 150;
/** Who has sent a form is about to have a new page; where none has come after so long, this one goes on. */
const LEAVING_MS = 5000;

/** Shows what fits while somebody types into a field with `data-suggest`. */
class Suggestions {
  /** @param {HTMLInputElement} field @param {HTMLElement} into */
  constructor(field, into) {
    this.field = field;
    this.into = into;
    this.asked = 0;
    this.timer = 0;
    field.addEventListener("input", () => this.#later());
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const asked = ++this.asked;
    const url = new URL(this.field.dataset.suggest ?? "", location.href);
    url.searchParams.set("search", this.field.value);
    const answer = await fetch(url).catch(() => undefined);
    const text = answer?.ok ? await answer.text() : "";
    // An answer that was overtaken by a later one is not shown.
    if (asked === this.asked && text) this.into.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.children);
  }
}

/** Follows what others change, and shows it without a reload; never under the hands of somebody who is typing. */
class LivePage {
  /** @param {string} address */
  constructor(address) {
    this.address = address;
    /** @type {EventSource | undefined} */
    this.source = undefined;
    this.wasOpen = false;
    this.leavingUntil = 0;
    document.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) this.leavingUntil = performance.now() + LEAVING_MS;
    });
    // A browser has few connections to one server: pages that nobody looks at hold none.
    document.addEventListener("visibilitychange", () => this.#follow());
    this.#follow();
  }

  #follow() {
    if (document.hidden) {
      this.source?.close();
      this.source = undefined;
    } else if (!this.source) {
      this.source = new EventSource(this.address);
      this.source.addEventListener("changed", () => this.#renew());
      // What happened while nobody looked, or while the connection was gone.
      this.source.addEventListener("open", () => {
        if (this.wasOpen) this.#renew();
        this.wasOpen = true;
      });
    }
  }

  async #renew() {
    // What somebody writes is told to their own page too, which would ask for itself in vain.
    const leavingMs = this.leavingUntil - performance.now();
    if (leavingMs > 0) await new Promise((done) => setTimeout(done, leavingMs));
    const answer = await fetch(location.href.split("#")[0]).catch(() => undefined);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const name = part.getAttribute("data-live");
      const next = fresh.querySelector(`[data-live="${name}"]`);
      if (!next) continue;
      keepUnfolded(part, next);
      if (next.isEqualNode(part)) continue;
      if (isBusy(part)) document.getElementById("changed-elsewhere")?.removeAttribute("hidden");
      else part.replaceWith(document.adoptNode(next));
    }
  }
}

/** What somebody has unfolded stays so. @param {Element} part @param {Element} next */
function keepUnfolded(part, next) {
  const unfolded = new Set([...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  for (const one of next.querySelectorAll("details")) {
    if (unfolded.has(one.querySelector("summary")?.textContent ?? "")) one.open = true;
  }
}

/** Whether somebody is typing in this part. @param {Element} part */
function isBusy(part) {
  if (part.contains(document.activeElement) && document.activeElement !== document.body) return true;
  return [...part.querySelectorAll("input, textarea, select")].some((field) => {
    if (field instanceof HTMLSelectElement) return [...field.options].some((one) => one.selected !== one.defaultSelected && one.defaultSelected);
    if (field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")) return field.checked !== field.defaultChecked;
    return (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && field.value !== field.defaultValue;
  });
}

/** How long a contact has lasted: whole minutes, in the same quiet words however many they are, since nobody is to be hurried. */
for (const timer of document.querySelectorAll("[data-since]")) {
  const sinceMs = Number(timer.getAttribute("data-since")) * 1000;
  setInterval(() => (timer.textContent = `${Math.max(0, Math.floor((Date.now() - sinceMs) / 60_000))} min`), 10_000);
}

for (const field of document.querySelectorAll("input[data-suggest]")) {
  const into = field instanceof HTMLInputElement && document.getElementById(field.dataset.into ?? "");
  if (into) new Suggestions(/** @type {HTMLInputElement} */ (field), into);
}
const live = document.querySelector("[data-changes]")?.getAttribute("data-changes");
if (live) new LivePage(live);
