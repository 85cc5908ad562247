/** The page's own elements, by id; an id that is not there is a bug that shows at once. */

/** @template {Element} E @param {string} id @param {{ new (): E }} kind @returns {E} */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id} on the page`);
  return found;
}

/** @param {string} id */
export const get = (id) => element(id, HTMLElement);

/** @param {string} id */
export const input = (id) => element(id, HTMLInputElement);

/** @param {string} id */
export const button = (id) => element(id, HTMLButtonElement);

/** Minutes and seconds, as 1:05. @param {number} seconds */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Make the pictures of icons.svg part of the page: they are to be shown also while the server cannot be reached. */
export async function loadIcons() {
  const answer = await fetch("icons.svg");
  const icons = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  for (const symbol of icons.querySelectorAll("symbol")) symbol.id = `icon-${symbol.id}`;
  icons.setAttribute("hidden", "");
  document.body.append(icons);
}

/** A picture of icons.svg, which says nothing by itself. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
