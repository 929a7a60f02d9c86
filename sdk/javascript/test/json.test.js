import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../json.js";

test("plain documents are read", () => {
  for (const text of [
    '{"a": [1, -2, 3.5, true, null, "中", {"a": 1}], "b": {"a": "a"}, "c\\"": "\\\\"}',
    '["a", "a", {"x": ","}]',
    '"}{"',
    "1",
  ]) {
    assert.deepEqual(parse(text), JSON.parse(text));
  }
});

test("what two readers would read differently is refused", () => {
  assert.throws(() => parse('{"a": 1, "a": 2}'), /"a" is there twice/);
  assert.throws(() => parse('{"x": {"a": 1, "b": [], "\\u0061": 2}}'), /"a" is there twice/);
  for (const text of ['{"a": 1} x', "", '"', '{"a', "{]", '{,"a"', '{"a":1,}']) {
    assert.throws(() => parse(text), SyntaxError, text);
  }
});

test("depth is bounded", () => {
  const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);
  assert.ok(parse(nested(64)));
  assert.throws(() => parse(nested(65)), /deeper than 64/);
  assert.throws(() => parse("[".repeat(1_000_000)), /deeper than 64/);
});

test("odd texts take no longer than others", () => {
  const began = performance.now();
  for (const text of [`"${'\\"'.repeat(500_000)}`, `"${"\\".repeat(1_000_000)}`, '"'.repeat(500_000)]) {
    assert.throws(() => parse(text), SyntaxError);
  }
  assert.ok(performance.now() - began < 5_000);
});
