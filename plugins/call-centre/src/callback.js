/** Calls back to citizens: an agent calls, reads the message, and writes down what is said. */

import { Failure, HostError, OutgoingRequest } from "yiwang-sdk";

/** Wait this long where the call centre says "too many" without saying how long. */
const TOO_MANY_MS = 60_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export function order(host, notification) {
  const { callsUrl, agentGroup } = host.config();
  if (callsUrl === undefined) {
    throw Failure.misconfigured("call-centre.no-address", "`callsUrl` is not set: no calls can be ordered");
  }
  const { kind, address, displayName } = notification.recipient;
  if (kind !== "mobile" && kind !== "phone") {
    throw Failure.permanent("call-centre.no-number", `a recipient of the kind \`${kind}\` cannot be called`);
  }
  const request = new OutgoingRequest("POST", callsUrl)
    .with("authorization", "Bearer ${secret:api_key}")
    .withJson({
      requestId: notification.idempotencyKey,
      number: address,
      name: displayName,
      group: agentGroup,
      script: notification.body,
    })
    .within(8_000);
  request.maxResponseBytes = ANSWER_BYTES_MAX;
  return understood(asked(host, request));
}

function asked(host, request) {
  try {
    return host.http(request);
  } catch (error) {
    throw error instanceof HostError ? error.failure("call-centre") : error;
  }
}

/** An order is a JSON object with `code` 0; codes of theirs that are known are told apart. */
function understood(response) {
  const { status } = response;
  if (status === 429 || status >= 500) {
    const secs = Number(response.header("retry-after") ?? NaN);
    const after = Number.isSafeInteger(secs) && secs >= 0 ? secs * 1000 : status === 429 ? TOO_MANY_MS : null;
    throw Failure.retryable(`call-centre.http-${status}`, "the call centre takes no orders now").after(after);
  }
  if (status === 401 || status === 403) {
    throw Failure.misconfigured("call-centre.key-refused", "the call centre refuses the key");
  }
  let answer = null;
  try {
    answer = response.json();
  } catch {
    // A page of a gateway: whether the order came through, nobody knows.
  }
  if (status >= 300 || !Number.isInteger(answer?.code)) {
    throw Failure.unknownOutcome("call-centre.answer", "the call centre's answer cannot be read");
  }
  if (answer.code === 0) {
    const orderId = typeof answer.orderId === "string" && /^[\x21-\x7e]{1,128}$/.test(answer.orderId) ? answer.orderId : null;
    return { providerId: orderId, state: "accepted" };
  }
  const said = `the call centre answers ${answer.code}`;
  throw answer.code === 4003
    ? Failure.permanent("call-centre.do-not-call", "the citizen does not want to be called")
    : Failure.permanent(`call-centre.${answer.code}`, said);
}
