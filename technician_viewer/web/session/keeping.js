/** What a tab keeps of its session so that it can come back after it was loaded again: keys that nothing can read, in IndexedDB. */

const DATABASE = "mainforte";
const STORE = "sessions";
const MARK = "mainforte-session";

/**
 * @typedef {{ session: string, url: string, keys: CryptoKeyPair, certificate: string, ticket: string, subject: string, reason: string,
 *   asks: string, secrets: CryptoKey[], keptAt: number }} Kept
 */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @param {IDBTransactionMode} mode @returns {Promise<IDBObjectStore>} */
async function store(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "session" });
  return (await done(opening)).transaction(STORE, mode).objectStore(STORE);
}

/** Keep this tab's session, instead of what was kept of it. @param {Kept} kept */
export async function keep(kept) {
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
  for (const kept of all) if (Date.now() - kept.keptAt > olderThanMs) await done((await store("readwrite")).delete(kept.session));
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

/**
 * One tab has a session: a duplicated tab copies the mark, and not the lock.
 *
 * @param {string} session
 * @returns {Promise<boolean>} whether this tab has it now, until it is closed
 */
export function claim(session) {
  return new Promise((resolve) => {
    navigator.locks.request(`mainforte-${session}`, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      return lock ? new Promise(() => undefined) : undefined;
    });
  });
}
