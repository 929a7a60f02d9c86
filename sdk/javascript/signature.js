/**
 * Signatures by HMAC, checked over what was sent before anybody reads it. The key stays on the host.
 *
 * What is signed, and how the signature is written, is the provider's; that it is compared in constant time, and
 * what it means when no key is there, is the same for all.
 */

import * as codec from "./codec.js";
import { Failure, HostError } from "./failure.js";

/**
 * Is `given` the HMAC of `data` with one of the secrets? Several serve the change of keys.
 * Throws `misconfigured` if none of the secrets is usable.
 */
export function matches(host, { secrets, encoding = "utf8", algorithm = "sha256" }, data, given) {
  const bytes = typeof data === "string" ? codec.utf8(data) : data;
  let [found, usable, reason] = [false, false, "no secret is named"];
  for (const name of secrets) {
    let mac;
    try {
      mac = host.hmac(name, encoding, algorithm, bytes);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // While keys are not being changed only one of them is there.
      if (error.tag === "unsupported") throw Failure.misconfigured("channel.secret-unusable", error.message);
      reason = error.tag === "not-set" ? `secret \`${name}\` is not set` : error.message;
      continue;
    }
    usable = true;
    for (const one of Array.isArray(given) ? given : [given]) {
      // Not `found ||`: it looks at all of them, whichever fits.
      found = (one !== null && codec.same(mac, one)) || found;
    }
  }
  if (!usable) throw Failure.misconfigured("channel.secret-not-set", reason);
  return found;
}

/**
 * Checks the hexadecimal HMAC in the header `header` over `data`; throws 401 where it does not fit.
 * `prefix` stands before it, e.g. `sha256=`.
 */
export function check(host, request, { header, prefix = "", ...key }, data = request.bytes()) {
  const text = request.onlyHeader(header);
  if (text === null) {
    throw Failure.refused(401, "channel.missing-signature", `header \`${header}\` must be there once`);
  }
  const given = text.startsWith(prefix) ? codec.hexDecode(text.slice(prefix.length)) : null;
  if (!matches(host, key, data, given)) {
    throw Failure.refused(401, "channel.bad-signature", "the signature does not match");
  }
}

/**
 * Checks a time in seconds, which a signature must cover; throws 401 where it is further from now than
 * `toleranceSecs`. To be called behind the check of the signature: who cannot sign learns nothing of our clock.
 */
export function checkAge(seconds, nowMs, toleranceSecs = 300) {
  if (!/^[0-9]{1,12}$/.test(seconds ?? "")) {
    throw Failure.refused(401, "channel.bad-signature", "the time is not a number of seconds");
  }
  if (Math.abs(Math.floor(nowMs / 1000) - Number(seconds)) > toleranceSecs) {
    throw Failure.refused(401, "channel.stale-timestamp", `the time is more than ${toleranceSecs} seconds away from now`);
  }
}
