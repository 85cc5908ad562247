/** The page's part of the one catalogue: the English text is the key. */

/** @type {Record<string, string>} */
let texts = {};

/** @param {string} language "fr" or "en" */
export async function loadCatalogue(language) {
  document.documentElement.lang = language;
  const answer = await fetch(`catalogue/${language}.json`);
  if (answer.ok) texts = await answer.json();
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = _(element.getAttribute("data-text") ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", _(element.getAttribute("data-label") ?? ""));
  }
}

/** @param {string} text @param {Record<string, string | number>} [values] fill `{name}` @returns {string} */
export function _(text, values = {}) {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
