/** The code of a support link, shown large. It stands after `#`, so it never leaves this browser. */

const fields = new URLSearchParams(location.hash.slice(1));
const code = fields.get("code") ?? "";

/** @param {string} id @returns {HTMLElement} */
function get(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

if (/^[\p{L}\p{N} -]{5,80}$/u.test(code)) {
  get("code").textContent = code.replace(/-/g, " ");
  /** @type {HTMLInputElement} */ (get("link")).value = location.href;
  get("code-box").hidden = false;
}
