import assert from "node:assert/strict";
import { test } from "node:test";

import { exported } from "../component.js";
import { channel, Failure, HttpResponse, OutgoingRequest, Problem } from "../index.js";

const CTX = { channelId: "test", nowMs: 5 };
const REQUEST = { method: "POST", path: "/", query: [], headers: [], clientAddr: null, body: { tag: "text", val: "{}" }, form: [] };

/** The imports of a world, in memory. */
function world(more = {}) {
  const lines = [];
  const imports = {
    log: { write: (level, message, fields) => lines.push([level, message, fields]) },
    config: { get: () => '{"greeting": "您好"}' },
    system: { nowMs: () => 1_717_482_600_000, randomBytes: (length) => new Array(length).fill(255) },
    ...more,
  };
  return { lines, imports };
}

/** What a call throws, as the contract has it. */
function thrown(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

test("what the manifest provides must be there", () => {
  const { imports } = world();
  assert.throws(() => exported({}, ["webhook"], imports), /no function `webhook`/);
  assert.throws(() => exported({}, ["delivery-callback"], imports), /no function `deliveryCallback`/);
  assert.throws(() => exported(undefined, [], imports), /export default/);
  assert.throws(() => exported({ poll: 1 }, ["poller"], imports), /no function `poll`/);
});

test("a failure becomes the contract's, anything else is logged and ends the call", () => {
  const { imports, lines } = world();
  const call = (webhook) => thrown(() => exported({ webhook }, ["webhook"], imports).webhook.handle(CTX, REQUEST));
  assert.deepEqual(
    { ...call(() => { throw Failure.refused(422, "x.y", "no").after(7); }) },
    { kind: "permanent", code: "x.y", message: "no", retryAfterMs: 7, attributes: [["http-status", "422"]] },
  );
  assert.deepEqual(lines, []);
  assert.ok(call(() => null.x) instanceof TypeError);
  assert.match(lines[0][1], /^TypeError: /);
  assert.ok(call(async () => ({})) instanceof TypeError, "async functions are refused");
});

test("what the host refuses says what it means", () => {
  const refusing = (part, error) => {
    const functions = new Proxy({}, { get: () => () => { throw Object.assign(new Error("see error.payload"), { payload: error }); } });
    return world({ [part]: functions }).imports;
  };
  const call = (imports, webhook) => thrown(() => exported({ webhook }, ["webhook"], imports).webhook.handle(CTX, REQUEST));
  const http = (host) => host.http(new OutgoingRequest("GET", "https://x.example/"));
  for (const [part, error, work, kind, code] of [
    ["http", { tag: "timeout", val: true }, http, "unknown-outcome", "channel.timeout"],
    ["http", { tag: "timeout", val: false }, http, "retryable", "channel.unreachable"],
    ["http", { tag: "denied", val: "add this line" }, http, "misconfigured", "channel.denied"],
    ["http", { tag: "response-too-large", val: 9 }, http, "unknown-outcome", "channel.answer"],
    ["secrets", { tag: "not-set" }, (host) => host.secret("key"), "misconfigured", "channel.secret-unusable"],
    ["kv", { tag: "quota-exceeded" }, (host) => host.kvSet("a", new Uint8Array()), "retryable", "channel.store-unavailable"],
  ]) {
    const failure = call(refusing(part, error), work);
    assert.deepEqual([failure.kind, failure.code], [kind, code], `${part} ${error.tag}`);
  }
  const failure = call(world().imports, http);
  assert.deepEqual([failure.kind, failure.message], ["misconfigured", "plugin.toml does not ask for `permissions.http`"]);
});

test("what a channel leaves out is filled in", () => {
  const parts = exported(
    channel({
      validateConfig: (config) => (config.greeting ? [] : [new Problem("/greeting", "is missing")]),
      webhook: (host) => ({ response: HttpResponse.text(200, host.config().greeting) }),
      poll: (host, ctx, cursor) => ({ cursor: cursor ?? "1" }),
      send: (host, ctx, notification) => ({ state: notification.params.state }),
    }),
    ["webhook", "poller", "sender"],
    world().imports,
  );
  assert.deepEqual(parts.webhook.handle(CTX, REQUEST).events, []);
  assert.deepEqual(parts.poller.poll(CTX, undefined, 10), { cursor: "1", more: false, nextAfterMs: null, events: [], updates: [] });
  assert.deepEqual(parts.sender.send(CTX, { params: '{"state": "sent"}' }), { providerId: null, attributes: [], state: "sent" });
  assert.equal(parts.lifecycle.validateConfig("{}")[0].pointer, "/greeting");
  assert.deepEqual(parts.lifecycle.checkHealth(CTX), { status: "up", message: "", details: [] });
});

test("clock, chance and console are the host's", () => {
  const [before, chance, said] = [Date, Math.random, console];
  try {
    const { imports, lines } = world();
    exported({}, [], imports);
    assert.equal(new Date().toISOString(), "2024-06-04T06:30:00.000Z");
    assert.equal(Date.now(), 1_717_482_600_000);
    assert.equal(new Date("2020-01-01").getFullYear(), 2020);
    assert.ok(Math.random() < 1 && Math.random() > 0.999);
    console.warn("a", { b: 1 });
    assert.deepEqual(lines, [["warn", 'a {"b":1}', []]]);
  } finally {
    globalThis.Date = before;
    Math.random = chance;
    globalThis.console = said;
  }
});
