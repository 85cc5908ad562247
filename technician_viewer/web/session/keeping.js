/** What a tab keeps of its session so that it can come back after it was loaded again: keys that nothing can read, in IndexedDB. */

const DATABASE = "mainforte";
const STORE = "sessions";
const MARK = "mainforte-session";

/** How long a page that is loaded again waits for the page it was to let go. */
const CLAIM_MS = 1000;

/**
 * `heardAt`: when the agent last proved to be there, UTC milliseconds.
 *
 * @typedef {{ session: string, person: import("./technician_session.js").Person, secrets: CryptoKey[], heardAt: number }} Kept
 */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @type {Promise<IDBDatabase> | undefined} */
let database;

/** @param {IDBTransactionMode} mode @returns {Promise<IDBObjectStore>} */
async function store(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "session" });
  database ??= done(opening);
  return (await database).transaction(STORE, mode).objectStore(STORE);
}

/** The session that this tab has, and no other. */
let claimed = "";

/**
 * One tab has a session: a duplicated tab copies the mark, and not the lock.
 *
 * @param {string} session
 * @returns {Promise<boolean>} whether this tab has it now, until it is closed
 */
function claim(session) {
  if (claimed === session) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(`mainforte-${session}`, { signal: AbortSignal.timeout(CLAIM_MS) }, () => {
      claimed = session;
      resolve(true);
      return new Promise(() => undefined);
    }).catch(() => resolve(false));
  });
}

/** Keep this tab's session, instead of what was kept of it. @param {Kept} kept */
export async function keep(kept) {
  await claim(kept.session);
  sessionStorage.setItem(MARK, kept.session);
  await done((await store("readwrite")).put(kept));
}

/** Nothing is left of the session in this browser. @param {string} session */
export async function forget(session) {
  if (sessionStorage.getItem(MARK) === session) sessionStorage.removeItem(MARK);
  await done((await store("readwrite")).delete(session));
}

/** Forget what can no longer be come back to. @param {number} olderThanMs */
async function forgetOld(olderThanMs) {
  const all = /** @type {Kept[]} */ (await done((await store("readonly")).getAll()));
  for (const kept of all) if (Date.now() - kept.heardAt > olderThanMs) await done((await store("readwrite")).delete(kept.session));
}

/**
 * This tab's session, if it had one when it was loaded again, and no other tab has it now.
 *
 * @param {number} lastingMs what is older is deleted
 * @returns {Promise<Kept | undefined>}
 */
export async function recall(lastingMs) {
  await forgetOld(lastingMs);
  const session = sessionStorage.getItem(MARK);
  if (!session) return undefined;
  const kept = /** @type {Kept | undefined} */ (await done((await store("readonly")).get(session)));
  if (kept && (await claim(session))) return kept;
  sessionStorage.removeItem(MARK);
  return undefined;
}
