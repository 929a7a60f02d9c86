/**
 * What intake channels hand over: `cn.yiwang.intake.received.v1` and `cn.yiwang.intake.feedback.v1`.
 *
 * The JSON Schemas in `sdk/schema` are the contract. Nothing here knows where the words came from.
 */

import { Event } from "./types.js";

/** Type of an intake event. */
export const RECEIVED = "cn.yiwang.intake.received.v1";
/** Type of a citizen's verdict on an answer. */
export const FEEDBACK = "cn.yiwang.intake.feedback.v1";
/** Longest title, in characters. */
export const TITLE_CHARS_MAX = 200;
/** Longest content, in characters. */
export const CONTENT_CHARS_MAX = 20_000;

/**
 * The event of one thing that somebody said. Members that are null, undefined or empty are left out; the title is
 * made from the content where there is none. `blobs` are files that the host keeps.
 */
export function received(intake, { id = intake.externalId, blobs = [] } = {}) {
  const { externalId, kind, title, content, attachments, ...rest } = intake;
  const kept = blobs.map(({ digest, size, mediaType, fileName }) => filled({ digest, size, mediaType, fileName }));
  const data = filled({
    externalId,
    kind,
    title: title || titleOf(content),
    content,
    ...rest,
    attachments: [...kept, ...(attachments ?? [])],
  });
  const event = new Event(RECEIVED, id, data);
  event.attachments = blobs;
  return event;
}

/** The event of a verdict on the answer to a case; its subject is the case number. */
export function feedback(id, verdict) {
  const event = new Event(FEEDBACK, id, filled(verdict));
  event.subject = verdict.caseNo;
  return event;
}

/** What the person wants, by the identifier or the Chinese word; null if it is none. */
export function kindOf(text) {
  return KINDS.get((text ?? "").trim()) ?? null;
}

/** How urgent it is, by the identifier or the Chinese word; null if it is none. */
export function urgencyOf(text) {
  return URGENCIES.get((text ?? "").trim()) ?? null;
}

/** A title made of the first sentence that has words, at most 40 characters. */
export function titleOf(content) {
  const lines = content.split(/[\n。！？；]/).map((line) => line.trim());
  const chars = [...(lines.find((line) => line !== "") ?? content.trim())];
  return chars.length <= 40 ? chars.join("") : `${chars.slice(0, 39).join("")}…`;
}

/**
 * The words of a person as they may be stored: without control characters and without the marks that turn the
 * direction of text (they make a line read as something else than it says). Line ends become `\n`.
 */
export function clean(text) {
  return text.replace(/\r\n?/g, "\n").replace(UNWANTED, "").trim();
}

/** How many characters, as the schema counts them. */
export function length(text) {
  return [...text].length;
}

/** Does it look like a case number, e.g. `QC-20240604-000123`? */
export function isCaseNo(text) {
  return /^[A-Z]{2,8}-[0-9]{8}-[0-9]{1,12}$/.test(text);
}

function filled(value) {
  const empty = (it) => it === null || it === undefined || it === "" || (typeof it === "object" && Object.keys(it).length === 0);
  const inner = (it) => (it !== null && typeof it === "object" && !Array.isArray(it) ? filled(it) : it);
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, it]) => [name, inner(it)])
      .filter(([, it]) => !empty(it)),
  );
}

const table = (rows) => new Map(Object.entries(rows).flatMap(([id, words]) => [id, ...words].map((word) => [word, id])));

const KINDS = table({
  consult: ["咨询"],
  help: ["求助", "求决"],
  complaint: ["投诉"],
  report: ["举报", "检举"],
  suggestion: ["建议"],
  praise: ["表扬", "感谢"],
});

const URGENCIES = table({
  general: ["一般", "普通"],
  urgent: ["紧急", "较急", "较大"],
  emergency: ["特急", "特别紧急", "重大"],
});

// Halves of a pair, too: JSON may hold them, and no text in UTF-8 can.
const UNWANTED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;
