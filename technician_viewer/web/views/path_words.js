/** The words for the way between the customer's screen and ours: what may be preferred on it, and what holds it up. */
import { _ } from "../catalogue.js";

/** What a technician can choose, in this order: protocol/vocabulary.py, Preference. @returns {[value: string, label: string, explanation: string][]} */
export const preferences = () => [
  ["automatic", _("Automatic"), _("As sharp and as smooth as the connection allows.")],
  ["sharper", _("Sharper"), _("Fewer pictures, each as good as it can be.")],
  ["smoother", _("Smoother"), _("More pictures, coarser while they move.")],
  ["save_data", _("Save data"), _("As little data as will do.")],
];

/** What holds the picture up most; empty where nothing does. @param {string} bottleneck protocol/vocabulary.py, Bottleneck @returns {string} */
export function slowedBy(bottleneck) {
  /** @type {Record<string, string>} */
  const texts = {
    viewer_network: _("Your network slows the picture down."),
    viewer_processor: _("This computer slows the picture down."),
    relay: _("The server slows the picture down."),
    agent_network: _("The customer's network slows the picture down."),
    agent_processor: _("The customer's computer slows the picture down."),
  };
  return texts[bottleneck] ?? "";
}
