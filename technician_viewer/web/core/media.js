/** Media records (PROTOCOL.md, section 7): opening them, in order; protocol/media.py. */
import { Audience } from "./envelope.js";
import { NotAuthentic, RemoteProtocolError } from "./errors.js";
import { readParts } from "./media_codec.js";

/** @param {boolean} holds @param {string} what @returns {asserts holds} */
function check(holds, what) {
  if (!holds) throw new RemoteProtocolError(what);
}

export class MediaOpener {
  /** @type {CryptoKey | undefined} */
  #key;
  #epoch = 0;
  #nextForMe = 0;
  nextCounter = 0;

  /** @param {number} epoch @param {Uint8Array<ArrayBuffer>} key @param {number} firstCounter */
  async startEpoch(epoch, key, firstCounter) {
    check(epoch > this.#epoch && firstCounter >= this.nextCounter, "an epoch that runs backwards");
    this.#key = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    this.#epoch = epoch;
    this.nextCounter = firstCounter;
    this.#nextForMe = 0;
  }

  /**
   * Begin to decrypt a record before its turn, where its key is there already: WebCrypto works beside us, on several at a time.
   *
   * @param {import("./envelope.js").MediaEnvelope} envelope
   * @returns {Promise<Uint8Array<ArrayBuffer>> | undefined} for `open`
   */
  prepare(envelope) {
    if (!this.#key || envelope.epoch !== this.#epoch) return undefined;
    const plain = decrypt(this.#key, envelope);
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
    const isForAll = envelope.audience === Audience.ALL;
    const expected = isForAll ? this.nextCounter : this.#nextForMe;
    check(envelope.audience !== Audience.STORE && envelope.epoch === this.#epoch && envelope.counter === expected, "a media record out of order");
    check(this.#key !== undefined, "a media record before its epoch");
    if (isForAll) this.nextCounter += 1;
    else this.#nextForMe += 1;
    return readParts(await (prepared ?? decrypt(this.#key, envelope)));
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
