/**
 * Standard Webhooks 1.0: `v1` signatures, made and checked over the raw body.
 *
 * It knows no body format and keeps no list of seen ids; the host drops a second event with the same id.
 */

import * as codec from "./codec.js";
import { Failure } from "./failure.js";
import { checkAge, matches } from "./signature.js";

/** How far a timestamp may be off, in either direction. */
export const TOLERANCE_SECS = 300;

/** The value of `webhook-signature` for a message. */
export function sign(host, secret, id, timestampSecs, body) {
  const mac = host.hmac(secret, "base64", "sha256", signedContent(id, timestampSecs, body));
  return `v1,${codec.base64Encode(mac)}`;
}

/** Checks the signature and the age of a request; gives its `webhook-id`. Throws 401 with a stable code. */
export function verify(host, secrets, request, nowMs) {
  const id = required(request, "webhook-id");
  const timestamp = required(request, "webhook-timestamp");
  const signatures = required(request, "webhook-signature");
  if (!/^[\x21-\x7e]{1,256}$/.test(id)) {
    throw Failure.refused(401, "channel.bad-signature", "webhook-id is not 1 to 256 printable characters");
  }
  const given = signatures
    .split(" ")
    .filter((entry) => entry.startsWith("v1,"))
    .map((entry) => codec.base64Decode(entry.slice(3)));
  if (!matches(host, { secrets, encoding: "base64" }, signedContent(id, timestamp, request.bytes()), given)) {
    throw Failure.refused(401, "channel.bad-signature", "no signature matches");
  }
  checkAge(timestamp, nowMs, TOLERANCE_SECS);
  return id;
}

function signedContent(id, timestamp, body) {
  const head = codec.utf8(`${id}.${timestamp}.`);
  const tail = typeof body === "string" ? codec.utf8(body) : body;
  const content = new Uint8Array(head.length + tail.length);
  content.set(head);
  content.set(tail, head.length);
  return content;
}

/** The header must be there exactly once: with two of them, who reads which one is anybody's guess. */
function required(request, name) {
  const value = request.onlyHeader(name);
  if (value !== null) return value;
  const [code, why] = request.header(name) === null ? ["missing-signature", "missing"] : ["bad-signature", "there twice"];
  throw Failure.refused(401, `channel.${code}`, `header \`${name}\` is ${why}`);
}
