/** The secret part of support codes, made here and seen by no server (PROTOCOL.md, section 3). */
import { SECRET_WORDS } from "./core/limits.js";
import { newSecret } from "./core/support_code.js";

/** How a code may look: words of a language, or digits. */
export const CODE_FORMS = ["fr", "en", "digits"];

/**
 * A fresh secret, as it is read out.
 *
 * @param {string} form one of CODE_FORMS
 * @returns {Promise<string>} "cerise violon" or "830 5926"
 */
export async function freshSecret(form) {
  if (form === "digits") {
    const digits = newSecret();
    return `${digits.slice(0, 3)} ${digits.slice(3)}`;
  }
  const words = await wordsOf(form);
  // 2048 divides 2^16: each word is equally likely.
  const draws = crypto.getRandomValues(new Uint16Array(SECRET_WORDS));
  return [...draws].map((draw) => words[draw % words.length]).join(" ");
}

/** As it stands in a link: no accents, dashes for spaces. @param {string} code */
export const inLink = (code) => code.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll(" ", "-");

/** @param {string} language @returns {Promise<string[]>} */
async function wordsOf(language) {
  const answer = await fetch(`vendor/words.${language}.json`);
  const words = await answer.json();
  if (words.length !== 2048) throw new Error("a word list of another length than 2048");
  return words;
}
