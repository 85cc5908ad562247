/**
 * Keys of the technician: characters go as text, whatever their layout; everything else as the physical key, which goes once while it is
 * held, and repeats at the customer's as that machine repeats keys.
 */
import { HeldKeys } from "./held_keys.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "OS"]);
/** Modifiers that a key or click may be held with; where we do not know which of the two keys it is, it is the left one. */
const HELD_WITH = /** @type {const} */ ([["Shift", "shiftKey"], ["Control", "ctrlKey"], ["Alt", "altKey"], ["Meta", "metaKey"]]);

/** `keyCode` of a key that an input method takes (UI Events, section 7.3.1). */
const BY_INPUT_METHOD = 229;

export class Keyboard {
  #held = new HeldKeys();
  #isComposing = false;
  /** A dead key was pressed: what comes next is another character than its key. */
  #isDead = false;

  /**
   * @param {HTMLTextAreaElement} field where characters, dead keys and input methods arrive
   * @param {{ send: (message: any) => void, isActive: () => boolean, onLeave: () => void }} listener
   */
  constructor(field, listener) {
    this.field = field;
    this.listener = listener;
    field.addEventListener("keydown", (event) => this.#onKey(event, true));
    field.addEventListener("keyup", (event) => this.#onKey(event, false));
    field.addEventListener("compositionstart", () => { this.#isComposing = true; });
    field.addEventListener("compositionend", () => { this.#isComposing = false; this.#flush(); });
    field.addEventListener("input", () => { if (!this.#isComposing) this.#flush(); });
    field.addEventListener("blur", () => this.releaseAll());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.releaseAll(); });
  }

  /** Every key that is down comes up, here and there. */
  releaseAll() {
    for (const code of this.#held.releaseAll()) this.listener.send({ type: "key_changed", code, is_down: false });
    this.listener.send({ type: "input_released" });
  }

  /** Press keys together and let them go again. @param {string[]} codes */
  chord(codes) {
    for (const code of codes) this.listener.send({ type: "key_changed", code, is_down: true });
    for (const code of [...codes].reverse()) this.listener.send({ type: "key_changed", code, is_down: false });
  }

  /** @param {KeyboardEvent} event @param {boolean} isDown */
  #onKey(event, isDown) {
    // Q where this keyboard has it, and where most have it: on AZERTY the key that says Q is another one.
    if (event.ctrlKey && event.altKey && event.shiftKey && (event.code === "KeyQ" || event.key.toLowerCase() === "q")) {
      event.preventDefault();
      this.releaseAll();
      if (isDown) this.listener.onLeave();
      return;
    }
    if (!isDown) return this.#onUp(event);
    this.#isDead ||= event.key === "Dead";
    if (!this.listener.isActive() || event.isComposing || event.key === "Dead" || event.key === "Process") return;
    const isAltGr = event.getModifierState("AltGraph");
    const isCharacter = [...event.key].length === 1 && (isAltGr || !(event.ctrlKey || event.altKey || event.metaKey));
    if (isCharacter) {
      // At once where the key is the character; what a dead key or an input method makes of it arrives as text, a few milliseconds later.
      if (this.#isDead || !event.code || event.keyCode === BY_INPUT_METHOD || this.field.value) return;
      event.preventDefault();
      this.listener.send({ type: "text_typed", text: event.key });
      return;
    }
    // A Shift or AltGr that only makes characters must not be held there while the text is typed: Shift goes with what needs it.
    if (event.key === "Shift" || event.key === "AltGraph") return;
    event.preventDefault();
    if (!event.code || (event.repeat && this.#held.holds(event.code))) return;
    if (!MODIFIERS.has(event.key)) this.align(event);
    this.#change(event.code, true);
  }

  /** @param {KeyboardEvent} event */
  #onUp(event) {
    this.align(event, false);
    if (!this.#held.holds(event.code)) return;
    event.preventDefault();
    this.#change(event.code, false);
  }

  /**
   * Let the modifiers be held there as they are here, for a key or a click that comes with them.
   * @param {KeyboardEvent | MouseEvent} event @param {boolean} [mayPress] false: only let go of those that are up here
   */
  align(event, mayPress = true) {
    if (!this.listener.isActive()) return;
    for (const [name, flag] of HELD_WITH) {
      const held = [`${name}Left`, `${name}Right`].filter((code) => this.#held.holds(code));
      if (!event[flag]) for (const code of held) this.#change(code, false);
      // AltGr passes for Control and Alt on some systems; it is neither.
      else if (mayPress && !held.length && !event.getModifierState("AltGraph")) this.#change(`${name}Left`, true);
    }
  }

  /** @param {string} code @param {boolean} isDown */
  #change(code, isDown) {
    this.#held.change(code, isDown);
    this.listener.send({ type: "key_changed", code, is_down: isDown });
  }

  #flush() {
    this.#isDead = false;
    const text = this.field.value.replaceAll("\r", "");
    this.field.value = "";
    if (text && this.listener.isActive()) this.listener.send({ type: "text_typed", text });
  }
}
