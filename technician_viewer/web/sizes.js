/** How large something is, for people. */
import { _ } from "./catalogue.js";

/** @param {number} bytes */
export function sizeText(bytes) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  if (bytes < 1000) return _("{number} bytes", { number: bytes });
  if (bytes >= 10_000_000_000) return _("{number} GB", { number: format.format(Math.round(bytes / 1_000_000_000)) });
  return bytes < 1_000_000 ? _("{number} kB", { number: format.format(bytes / 1000) }) : _("{number} MB", { number: format.format(bytes / 1_000_000) });
}
