import assert from "node:assert/strict";
import { test } from "node:test";

import { intake } from "../index.js";

test("only what is there is written", () => {
  const event = intake.received({
    externalId: "x1",
    kind: "complaint",
    content: "路灯不亮三天了。请尽快修复。",
    petitioner: { name: null, phone: "" },
    category: [],
    extra: {},
  });
  assert.equal(event.id, "x1");
  assert.equal(event.data, '{"externalId":"x1","kind":"complaint","title":"路灯不亮三天了","content":"路灯不亮三天了。请尽快修复。"}');
});

test("files that the host keeps are named in the event and handed over", () => {
  const blob = { digest: `sha256:${"0".repeat(64)}`, size: 3, mediaType: "image/png", fileName: null };
  const event = intake.received({ externalId: "x", kind: "help", content: "灯" }, { id: "y", blobs: [blob] });
  assert.equal(event.id, "y");
  assert.deepEqual(event.attachments, [blob]);
  assert.deepEqual(JSON.parse(event.data).attachments, [{ digest: blob.digest, size: 3, mediaType: "image/png" }]);
});

test("a verdict's subject is the case", () => {
  const event = intake.feedback("f1", { caseNo: "QC-20240604-000123", satisfied: false, score: 0, reason: "" });
  assert.equal(event.subject, "QC-20240604-000123");
  assert.deepEqual(JSON.parse(event.data), { caseNo: "QC-20240604-000123", satisfied: false, score: 0 });
});

test("words are cleaned but not changed", () => {
  assert.equal(intake.clean(" a\r\nb\u0000\u202ec\t中\ud800😀 "), "a\nbc\t中😀");
  assert.equal(intake.clean("${secret:app} {{x}} =cmd()"), "${secret:app} {{x}} =cmd()");
});

test("long first sentences are cut", () => {
  assert.equal([...intake.titleOf("长".repeat(60))].length, 40);
  assert.equal(intake.titleOf("！！\n路灯坏了。"), "路灯坏了");
  assert.equal(intake.titleOf("。。。"), "。。。", "never empty where there is content");
});

test("words for kinds, urgency and numbers of cases", () => {
  assert.equal(intake.kindOf(" 投诉 "), "complaint");
  assert.equal(intake.kindOf("help"), "help");
  assert.equal(intake.kindOf("toString"), null);
  assert.equal(intake.kindOf(undefined), null);
  assert.equal(intake.urgencyOf("特急"), "emergency");
  for (const [text, is] of [["QC-20240604-000123", true], ["QC-2024-000123", false], ["qc-20240604-000123", false], ["QC-20240604-", false]]) {
    assert.equal(intake.isCaseNo(text), is, text);
  }
});
