/**
 * A hotline's call centre: what agents write down at the end of a call comes in, what citizens say to the voice
 * that asks them afterwards, and calls back to citizens are ordered.
 */

import { channel, HttpResponse, signature } from "yiwang-sdk";

import { order } from "./callback.js";
import { rating } from "./rating.js";
import { ticket } from "./ticket.js";

const SECRETS = ["signing_key", "signing_key_next"];

export default channel({
  webhook(host, ctx, request) {
    const config = host.config();
    authenticate(host, ctx, request, config.toleranceSeconds);
    const report = request.object("call-centre.malformed-body");
    switch (report.event) {
      case "ticket":
        return taken([ticket(config, report)]);
      case "rated":
        return taken([rating(report)]);
      default:
        // Rings, transfers, hang-ups: the call centre tells of them all.
        return { response: HttpResponse.json(200, { code: 0, message: "ignored" }) };
    }
  },

  send(host, ctx, notification) {
    return order(host, notification);
  },
});

/** The signature covers time, nonce and the raw body: `HMAC-SHA256(key, time \n nonce \n body)`, in hexadecimal. */
function authenticate(host, ctx, request, toleranceSecs) {
  const [time, nonce] = ["x-cc-time", "x-cc-nonce"].map((name) => request.onlyHeader(name) ?? "");
  const signed = `${time}\n${nonce}\n${request.text() ?? ""}`;
  signature.check(host, request, { secrets: SECRETS, header: "x-cc-signature" }, signed);
  signature.checkAge(time, ctx.nowMs, toleranceSecs);
}

function taken(events) {
  return { response: HttpResponse.json(200, { code: 0, message: "ok" }), events };
}
