/** Keys of the technician: characters go as text, whatever their layout; everything else as the physical key. */
import { HeldKeys } from "./held_keys.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "OS"]);

export class Keyboard {
  #held = new HeldKeys();
  #isComposing = false;

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
    if (event.ctrlKey && event.altKey && event.shiftKey && event.code === "KeyQ") {
      event.preventDefault();
      this.releaseAll();
      if (isDown) this.listener.onLeave();
      return;
    }
    if (!this.listener.isActive() || event.isComposing || event.key === "Dead" || event.key === "Process") return;
    const isAltGr = event.getModifierState("AltGraph");
    const isCharacter = [...event.key].length === 1 && (isAltGr || !(event.ctrlKey || event.altKey || event.metaKey));
    if (isCharacter && isDown) return; // arrives as text
    if (!isDown && !this.#held.holds(event.code)) return;
    // A Shift or AltGr that only makes characters must not be held there while the text is typed.
    if (isDown && (event.key === "Shift" || event.key === "AltGraph")) return;
    event.preventDefault();
    if (isDown && event.shiftKey && !MODIFIERS.has(event.key)) return this.#withShift(event.code);
    if (!event.code) return;
    this.#held.change(event.code, isDown);
    this.listener.send({ type: "key_changed", code: event.code, is_down: isDown });
  }

  /** Shift is sent only together with a key that is no character, e.g. Shift+Tab or Ctrl+Shift+T. @param {string} code */
  #withShift(code) {
    this.chord(["ShiftLeft", code]);
  }

  #flush() {
    const text = this.field.value.replaceAll("\r", "");
    this.field.value = "";
    if (text && this.listener.isActive()) this.listener.send({ type: "text_typed", text });
  }
}
