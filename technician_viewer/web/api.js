/** The desk's API, as the page uses it. Cookies carry the sign-in; nothing secret of a session ever goes here. */

export class ApiError extends Error {
  /** @param {number} status @param {string} [reason] the API's word for it */
  constructor(status, reason = "") {
    super(`the server answered ${status}`);
    this.status = status;
    this.reason = reason;
  }
}

export class Api {
  #csrf = "";

  /** @param {string} path @param {unknown} [body] to be posted */
  fetch(path, body) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.#csrf };
    return fetch(path, body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** @param {string} path @param {unknown} [body] to be posted @returns {Promise<any>} @throws {ApiError} */
  async call(path, body) {
    const answer = await this.fetch(path, body);
    if (!answer.ok) throw new ApiError(answer.status, await answer.json().then((told) => told.error, () => ""));
    return answer.status === 204 ? undefined : answer.json();
  }

  /** Who is signed in. @returns {Promise<any>} @throws {ApiError} 401 when nobody is */
  async me() {
    const me = await this.call("/api/me");
    this.#csrf = me.csrf;
    return me;
  }

  /** @param {string} name @param {string} password @param {string} code */
  signIn(name, password, code) { return this.call("/api/sign-in", { name, password, code }); }

  /** The organisation's document, as it was signed. */
  async organisation() { return (await this.call("/api/organisation")).document; }

  tickets() { return this.call("/api/tickets"); }

  /** @param {string} number */
  ticket(number) { return this.call(`/api/tickets/${encodeURIComponent(number)}`); }

  /** @param {string} number @param {{ reason: string, asks: string, key: string }} request */
  openSession(number, request) { return this.call(`/api/tickets/${encodeURIComponent(number)}/sessions`, request); }

  /** @param {string} session a fresh room for the same session */
  newRoom(session) { return this.call(`/api/sessions/${session}/rooms`, {}); }

  /** @param {string} session whom one can invite to it */
  async candidates(session) { return (await this.call(`/api/sessions/${session}/candidates`)).candidates; }

  /** @param {string} session @param {{ person: string, title: string, role: string, reason: string }} invitation */
  invite(session, invitation) { return this.call(`/api/sessions/${session}/invitations`, invitation); }

  /** @param {string} session @param {{ name: string, minutes: number, reason: string }} guest @returns {Promise<{ link: string }>} */
  inviteGuest(session, guest) { return this.call(`/api/sessions/${session}/guests`, guest); }

  /** Those for whoever is signed in. */
  async invitations() { return (await this.call("/api/invitations")).invitations; }

  /** @param {string} session @param {string} key of ours, to be certified */
  join(session, key) { return this.call(`/api/sessions/${session}/join`, { key }); }

  /** Come by a link, without an account. @param {string} token @param {string} key of ours, to be certified */
  joinByLink(token, key) { return this.call("/api/guests/claim", { token, key }); }

  /** @param {string} session ten more minutes for its code @returns {Promise<{ expires_at: number }>} @throws {ApiError} 409 when it is too late */
  extend(session) { return this.call(`/api/sessions/${session}/extend`, {}); }
}
