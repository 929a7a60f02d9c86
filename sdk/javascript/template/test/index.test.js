import assert from "node:assert/strict";
import { test } from "node:test";

import * as fake from "yiwang-sdk/fake";

import channel from "../src/index.js";

test("a text becomes an event", () => {
  const host = new fake.Host({ config: { greeting: "收到" } });
  const outcome = channel.webhook(host, host.context(), fake.postJson("/", { text: "请问几点上班" }));
  assert.equal(outcome.response.status, 202);
  assert.equal(outcome.events.length, 1);
});

test("no text is refused", () => {
  const host = new fake.Host();
  const call = (body) => channel.webhook(host, host.context(), fake.post("/", "application/json", body));
  assert.throws(() => call("{}"), { code: "my-javascript-channel.no-text" });
  assert.throws(() => call("[]"), { code: "my-javascript-channel.malformed-body" });
  assert.throws(() => call("{"), { code: "my-javascript-channel.malformed-body" });
});
