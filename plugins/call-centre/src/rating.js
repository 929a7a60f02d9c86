/** What a citizen has said to the voice that asks after the case is closed. */

import { Failure, intake } from "yiwang-sdk";

import { id, text } from "./fields.js";

/** Fewer points than this are a complaint about the answer. */
const SATISFIED_FROM = 3;

export function rating(report) {
  const callId = id(report.callId);
  const { caseNo, score } = report;
  if (callId === null || !intake.isCaseNo(String(caseNo)) || ![1, 2, 3, 4, 5].includes(score)) {
    throw Failure.refused(422, "call-centre.no-verdict", "`callId`, `caseNo` and a `score` of 1 to 5 are needed");
  }
  const reason = text(report.reason, 2000);
  return intake.feedback(`${callId}:rated`, { caseNo, satisfied: score >= SATISFIED_FROM, score, reason });
}
