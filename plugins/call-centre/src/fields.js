/** Fields of the call centre, as they may be stored: what does not fit is left out, and costs no report. */

import { intake } from "yiwang-sdk";

/** An id of the call centre's, or null. Room is left for what is put behind it. */
export function id(value) {
  return typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value) ? value : null;
}

/** Words, or null if there are none. What is too long is cut, and shows it. */
export function text(value, charsMax) {
  const chars = typeof value === "string" ? [...intake.clean(value)] : [];
  if (chars.length <= charsMax) return chars.join("") || null;
  return `${chars.slice(0, charsMax - 1).join("")}…`;
}

const TIME = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A time with its offset, or null. */
export function time(value) {
  if (typeof value !== "string" || !TIME.test(value)) return null;
  // 30 February has the form of a day; the day that it would be is another one.
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? value : null;
}
