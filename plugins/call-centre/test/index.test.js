import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { HostError, HttpResponse } from "yiwang-sdk";
import * as fake from "yiwang-sdk/fake";

import channel from "../src/index.js";

const CONFIG = { channel: "hotline", kind: "help", queues: { 噪声扰民: "complaint" }, toleranceSeconds: 300, agentGroup: "callback" };
const REPORT = { event: "ticket", callId: "c-1", summary: "半夜还在打桩。", queue: "噪声扰民", caller: "13800000000" };

function host(more = {}) {
  return new fake.Host({ config: CONFIG, secrets: { signing_key: "k" }, ...more });
}

function signed(report, secs = fake.NOW_MS / 1000) {
  const body = JSON.stringify(report);
  const mac = createHmac("sha256", "k").update(`${secs}\nn-1\n${body}`).digest("hex");
  return fake.post("/", "application/json", body, { "x-cc-time": secs, "x-cc-nonce": "n-1", "x-cc-signature": mac });
}

function call(report, secs) {
  const desk = host();
  return channel.webhook(desk, desk.context(), signed(report, secs));
}

test("a ticket becomes a report of the kind of its queue", () => {
  const [event] = call(REPORT).events;
  assert.equal(event.id, "c-1");
  const data = JSON.parse(event.data);
  assert.deepEqual([data.kind, data.title, data.petitioner], ["complaint", "半夜还在打桩", { phone: "13800000000" }]);
});

test("a queue that nobody named is of the usual kind", () => {
  for (const queue of ["其他", "constructor", "toString", null]) {
    assert.equal(JSON.parse(call({ ...REPORT, queue }).events[0].data).kind, "help", queue);
  }
});

test("fields that cannot be read cost no report", () => {
  const odd = { ...REPORT, startedAt: "2024-02-30T10:00:00+08:00", caller: "-", urgency: 3, recording: "x", queue: {}, kind: null };
  const data = JSON.parse(call(odd).events[0].data);
  assert.deepEqual(Object.keys(data), ["externalId", "kind", "title", "content", "channel"]);
});

test("who cannot sign, or signed long ago, is refused", () => {
  const changed = signed(REPORT);
  changed.body.val = changed.body.val.replace("打桩", "唱歌");
  const desk = host();
  assert.throws(() => channel.webhook(desk, desk.context(), changed), { code: "channel.bad-signature" });
  assert.throws(() => call(REPORT, fake.NOW_MS / 1000 - 301), { code: "channel.stale-timestamp" });
  assert.throws(() => channel.webhook(host({ secrets: {} }), desk.context(), signed(REPORT)), { code: "channel.secret-not-set" });
});

test("what else happens at a call centre is answered and forgotten", () => {
  const outcome = call({ event: "ringing", callId: "c-1" });
  assert.equal(outcome.events, undefined);
  assert.equal(outcome.response.status, 200);
});

test("a verdict needs a case and points", () => {
  const rated = { event: "rated", callId: "c-2", caseNo: "QC-20240604-000123", score: 2, reason: "没人来过" };
  assert.equal(JSON.parse(call(rated).events[0].data).satisfied, false);
  assert.throws(() => call({ ...rated, score: 6 }), { code: "call-centre.no-verdict" });
  assert.throws(() => call({ ...rated, caseNo: "1" }), { code: "call-centre.no-verdict" });
});

test("what became of an order for a call", () => {
  const notification = {
    idempotencyKey: "n-1",
    recipient: { kind: "mobile", address: "13800000000", displayName: "王女士" },
    body: "您的诉求已办结",
  };
  const sent = (answer, config = { ...CONFIG, callsUrl: "https://cc.example.cn/calls" }) => {
    const desk = host({ config, answers: [answer] });
    try {
      return channel.send(desk, desk.context(), notification);
    } catch (failure) {
      return [failure.kind, failure.code, failure.retryAfterMs];
    }
  };
  assert.deepEqual(sent(HttpResponse.json(200, { code: 0, orderId: "o-1" })), { providerId: "o-1", state: "accepted" });
  for (const [answer, ...expected] of [
    [HttpResponse.json(200, { code: 4003 }), "permanent", "call-centre.do-not-call", null],
    [HttpResponse.json(200, { code: 7 }), "permanent", "call-centre.7", null],
    [HttpResponse.empty(429), "retryable", "call-centre.http-429", 60_000],
    [HttpResponse.empty(503).with("retry-after", "7"), "retryable", "call-centre.http-503", 7000],
    [HttpResponse.empty(401), "misconfigured", "call-centre.key-refused", null],
    [HttpResponse.text(200, "<html>"), "unknown-outcome", "call-centre.answer", null],
    [HttpResponse.json(200, null), "unknown-outcome", "call-centre.answer", null],
    [new HostError("http", "timeout", true), "unknown-outcome", "call-centre.timeout", null],
  ]) {
    assert.deepEqual(sent(answer), expected);
  }
  assert.equal(sent(HttpResponse.empty(200), CONFIG)[1], "call-centre.no-address");
});
