/** The customer's computer, as the log describes it. */
import { deviceFacts } from "../device.js";
import { get } from "../dom.js";

export class DeviceView {
  #version = "";

  /** @param {any} event of the session's log */
  take(event) {
    if (event.type === "opened") this.#version = event.agent_version;
    if (event.type !== "device_described") return;
    get("device").hidden = false;
    get("device-facts").replaceChildren(...deviceFacts(event, this.#version));
  }
}
