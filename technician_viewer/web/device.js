/** Which computer the customer's is, in words: as its own system tells, and no more than is known. */
import { _ } from "./catalogue.js";
import { sizeText } from "./sizes.js";

const WINDOWING = { x11: "X11", wayland: "Wayland", "": "" };

/**
 * @param {any} told the event `device_described` @param {string} version of the agent's program
 * @returns {HTMLElement[]} pairs of `dt` and `dd`
 */
export function deviceFacts(told, version) {
  const { system, desktop, processor, cores, memory_bytes: memory, disk_bytes: disk, disk_free_bytes: free, screens } = told;
  const windowing = WINDOWING[/** @type {"x11"} */ (told.windowing)];
  /** @type {[string, string][]} */
  const facts = [
    [_("Make and model"), deviceName(told)],
    [_("System"), system],
    [_("Desktop"), desktop && windowing ? `${desktop} (${windowing})` : desktop || windowing],
    [_("Processor"), [processor, cores ? _("logical cores: {count}", { count: cores }) : ""].filter(Boolean).join(", ")],
    [_("Memory"), memory ? sizeText(memory) : ""],
    [_("Disk with the home folder"), disk ? _("{free} free of {size}", { free: sizeText(free), size: sizeText(disk) }) : ""],
    [_("Screens"), screens.map((/** @type {any} */ screen) => `${screen.width_px} × ${screen.height_px}`).join(", ")],
    [_("Agent"), version],
  ];
  return facts.filter(([, value]) => value).flatMap(([label, value]) => [element("dt", label), element("dd", value)]);
}

/** The make, unless the model begins with it. @param {{ make: string, model: string }} told */
const deviceName = ({ make, model }) => (model.toLowerCase().startsWith(make.toLowerCase()) ? model || make : `${make} ${model}`.trim());

/** @param {string} name @param {string} text */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
