/** What `mainforte-viewer` says of itself, which serves this page from the technician's own machine (technician_viewer/local_page.py). */

/**
 * The organisation's server and its root, as this machine was told them; nothing where the relay serves this page.
 *
 * @returns {Promise<{ relay: string, root_fingerprint: string } | undefined>}
 */
export async function servedLocally() {
  // The relay has it below /assist/, also on a machine of its own.
  if (!["127.0.0.1", "localhost"].includes(location.hostname) || location.pathname.startsWith("/assist/")) return undefined;
  const answer = await fetch("/local.json");
  return answer.ok ? answer.json() : undefined;
}
