import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import * as fake from "../fake.js";
import { signature, standardWebhooks } from "../index.js";

const ID = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const AT = 1_649_367_553;
const BODY = '{"email":"test@example.com","username":"test_user"}';
const GOOD = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

const host = (secrets = { key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }) => new fake.Host({ secrets });

function verified({ id = ID, at = String(AT), given = GOOD, now = AT, secrets = ["key"], more = [] } = {}) {
  const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": given };
  const known = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
  const request = fake.post("/", "application/json", BODY, known);
  request.headers.push(...more);
  try {
    return standardWebhooks.verify(host(), secrets, request, now * 1000);
  } catch (failure) {
    return failure.code;
  }
}

test("both published vectors of Standard Webhooks", () => {
  assert.equal(standardWebhooks.sign(host(), "key", ID, AT, BODY), GOOD);
  const second = host({ key: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
  const signed = standardWebhooks.sign(second, "key", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}');
  assert.equal(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  assert.equal(verified(), ID);
});

test("any of several signatures and keys passes, and nothing else", () => {
  assert.equal(verified({ given: `v1,AAAA v1a,AAAA v2,x ${GOOD} v1,` }), ID);
  assert.equal(verified({ secrets: ["not-set", "key"] }), ID);
  for (const given of ["v1,", "", GOOD.slice(3), GOOD.replace("v1", "v1a"), "v1,中"]) {
    assert.equal(verified({ given }), "channel.bad-signature", given);
  }
  assert.equal(verified({ secrets: ["not-set"] }), "channel.secret-not-set");
});

test("headers must be there once and whole, and not be old", () => {
  assert.equal(verified({ given: null }), "channel.missing-signature");
  assert.equal(verified({ more: [{ name: "webhook-id", value: ID }] }), "channel.bad-signature");
  assert.equal(verified({ at: "soon" }), "channel.bad-signature");
  assert.equal(verified({ id: "a b" }), "channel.bad-signature");
  assert.equal(verified({ now: AT + 300 }), ID);
  assert.equal(verified({ now: AT + 301 }), "channel.stale-timestamp");
  assert.equal(verified({ now: AT - 301 }), "channel.stale-timestamp");
});

test("a plain HMAC in a header", () => {
  const mac = createHmac("sha256", "k").update(BODY).digest("hex");
  const code = (headers, key = {}) => {
    const request = fake.post("/", "application/json", BODY, headers);
    try {
      return signature.check(host({ key: "k" }), request, { secrets: ["key"], header: "x-signature", prefix: "sha256=", ...key });
    } catch (failure) {
      return failure.code;
    }
  };
  assert.equal(code({ "x-signature": `sha256=${mac}` }), undefined);
  assert.equal(code({ "x-signature": `sha256=${mac.toUpperCase()}` }), undefined);
  assert.equal(code({ "x-signature": mac }), "channel.bad-signature");
  assert.equal(code({ "x-signature": `sha256=${mac.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"))}` }), "channel.bad-signature");
  assert.equal(code({}), "channel.missing-signature");
  assert.equal(code({ "x-signature": `sha256=${mac}` }, { secrets: ["other"] }), "channel.secret-not-set");
  assert.equal(code({ "x-signature": `sha256=${mac}` }, { encoding: "hex" }), "channel.secret-unusable");
});
