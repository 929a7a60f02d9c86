import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import * as codec from "../codec.js";

test("UTF-8 goes both ways, as Node does it", () => {
  for (const text of ["", "abc", "中文，Ω", "😀𠮷", "\u0000\u007f\u0080\u07ff\u0800\uffff", "x".repeat(10_000)]) {
    const bytes = codec.utf8(text);
    assert.deepEqual(bytes, new Uint8Array(Buffer.from(text)));
    assert.equal(codec.fromUtf8(bytes), text);
  }
  assert.deepEqual(codec.utf8("a\ud800b\udc00"), new Uint8Array(Buffer.from("a\ud800b\udc00")));
});

test("what is not UTF-8 is told apart", () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8], [0x80]]) {
    assert.equal(codec.fromUtf8(Uint8Array.from(bytes)), null, String(bytes));
  }
});

test("base64 and hex go both ways", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = new Uint8Array(randomBytes(length));
    const text = codec.base64Encode(bytes);
    assert.equal(text, Buffer.from(bytes).toString("base64"));
    assert.deepEqual(codec.base64Decode(text), bytes);
    assert.deepEqual(codec.base64Decode(text.replace(/=+$/, "")), bytes);
    assert.deepEqual(codec.hexDecode(codec.hex(bytes)), bytes);
  }
  for (const text of ["a", "a!==", "中文", "aaaaa"]) assert.equal(codec.base64Decode(text), null, text);
  for (const text of ["0", "zz", "中文", "0x"]) assert.equal(codec.hexDecode(text), null, text);
  assert.deepEqual(codec.hexDecode("000FfF"), Uint8Array.from([0, 15, 255]));
});

test("SHA-256 is the one of FIPS 180-4", () => {
  assert.equal(codec.sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
    const bytes = new Uint8Array(randomBytes(length));
    assert.equal(codec.sha256Hex(bytes), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});

test("equal is equal, and nothing else", () => {
  const bytes = (...list) => Uint8Array.from(list);
  assert.ok(codec.same(bytes(1, 2), bytes(1, 2)));
  assert.ok(!codec.same(bytes(1, 2), bytes(1, 3)));
  assert.ok(!codec.same(bytes(1, 2), bytes(1)));
  assert.ok(!codec.same(bytes(1), bytes(1, 0)));
});
