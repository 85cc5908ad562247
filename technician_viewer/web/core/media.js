/** Media records (PROTOCOL.md, section 7): opening them, in order; protocol/media.py. */
import { Audience } from "./envelope.js";
import { NotAuthentic, RemoteProtocolError } from "./errors.js";
import { EPOCHS_AHEAD_MAX } from "./limits.js";
import { readParts } from "./media_codec.js";

/** @param {boolean} holds @param {string} what @returns {asserts holds} */
function check(holds, what) {
  if (!holds) throw new RemoteProtocolError(what);
}

/** @typedef {{ number: number, key: CryptoKey, firstCounter: number }} Epoch */

/** Control records may overtake media records: the key of an epoch counts from its first record on. */
export class MediaOpener {
  /** @type {Epoch[]} the one of now, then those that were announced */
  #epochs = [];
  #nextForMe = 0;
  nextCounter = 0;

  /** @param {number} epoch @param {Uint8Array<ArrayBuffer>} key @param {number} firstCounter that of the stream to all */
  async startEpoch(epoch, key, firstCounter) {
    const last = this.#epochs.at(-1);
    check(epoch > (last?.number ?? 0) && firstCounter >= Math.max(this.nextCounter, last?.firstCounter ?? 0), "an epoch that runs backwards");
    this.#epochs.push({ number: epoch, key: await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]), firstCounter });
    if (!last) this.nextCounter = firstCounter;
    // Nothing is so late.
    else if (this.#epochs.length > EPOCHS_AHEAD_MAX) this.#begin(/** @type {Epoch} */ (this.#epochs[1]));
  }

  /**
   * Begin to decrypt a record before its turn, where its key is there already: WebCrypto works beside us, on several at a time.
   *
   * @param {import("./envelope.js").MediaEnvelope} envelope
   * @returns {Promise<Uint8Array<ArrayBuffer>> | undefined} for `open`
   */
  prepare(envelope) {
    const epoch = this.#epochs.find(({ number }) => number === envelope.epoch);
    if (!epoch) return undefined;
    const plain = decrypt(epoch.key, envelope);
    // What is wrong with it is said when its turn comes.
    plain.catch(() => undefined);
    return plain;
  }

  /**
   * @param {import("./envelope.js").MediaEnvelope} envelope the next record
   * @param {Promise<Uint8Array<ArrayBuffer>>} [prepared]
   * @returns {Promise<import("./media_codec.js").Part[]>} its parts
   */
  async open(envelope, prepared) {
    const epoch = this.#epochs.find(({ number }) => number === envelope.epoch);
    check(epoch !== undefined && envelope.audience !== Audience.STORE, "a media record of no epoch that was announced");
    const isForAll = envelope.audience === Audience.ALL;
    if (epoch !== this.#epochs[0]) this.#begin(epoch);
    check(envelope.counter === (isForAll ? this.nextCounter : this.#nextForMe), "a media record out of order");
    if (isForAll) this.nextCounter += 1;
    else this.#nextForMe += 1;
    return readParts(await (prepared ?? decrypt(epoch.key, envelope)));
  }

  /** @param {Epoch} epoch */
  #begin(epoch) {
    this.#epochs.splice(0, this.#epochs.indexOf(epoch));
    this.nextCounter = epoch.firstCounter;
    this.#nextForMe = 0;
  }
}

/**
 * A record of an epoch by itself; whether one is missing, others see.
 *
 * @param {CryptoKey} key @param {import("./envelope.js").MediaEnvelope} envelope
 * @returns {Promise<import("./media_codec.js").Part[]>} its parts @throws {NotAuthentic} altered, or sealed with another key
 */
export const partsOf = async (key, envelope) => readParts(await decrypt(key, envelope));

/** @param {CryptoKey} key @param {import("./envelope.js").MediaEnvelope} envelope @throws {NotAuthentic} */
async function decrypt(key, envelope) {
  const iv = new Uint8Array(12);
  const view = new DataView(iv.buffer);
  view.setUint8(0, envelope.audience);
  view.setUint16(1, envelope.peer);
  view.setBigUint64(4, BigInt(envelope.counter));
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: envelope.header }, key, envelope.sealed));
  } catch {
    throw new NotAuthentic("a media record does not verify");
  }
}
