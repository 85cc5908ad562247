/** Opens an auditor's file of keys as the page does: file and passphrase as JSON on standard input, what came of it on standard output. */
import { text } from "node:stream/consumers";
import { openKeyFile } from "../../../technician_viewer/web/audit/key_file.js";
import { fromBase64, toBase64 } from "../../../technician_viewer/web/core/bytes.js";
import * as hpke from "../../../technician_viewer/web/core/hpke.js";

const { file, passphrase } = JSON.parse(await text(process.stdin));
try {
  const { auditor: { name, signing_key: signer }, keys, signingKey } = await openKeyFile(file, passphrase);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const info = new Uint8Array(), sealed = await hpke.seal(Uint8Array.of(7), raw, info);
  const verifying = await crypto.subtle.importKey("raw", fromBase64(signer), "Ed25519", false, ["verify"]);
  const isSigner = await crypto.subtle.verify("Ed25519", verifying, await crypto.subtle.sign("Ed25519", signingKey, info), info);
  const canBeRead = keys.privateKey.extractable || signingKey.extractable;
  process.stdout.write(JSON.stringify({ name, key: toBase64(raw), opened: [...(await hpke.open(sealed, keys, info))], isSigner, canBeRead }));
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error.constructor.name }));
}
