/** What an agent has written down of a call. */

import { Failure, intake } from "yiwang-sdk";

import { id, text, time } from "./fields.js";

/** The event of a ticket. The call's id is the event's: a report that comes again is the same. */
export function ticket(config, report) {
  const externalId = id(report.callId);
  const content = text(report.summary, intake.CONTENT_CHARS_MAX);
  if (externalId === null || content === null) {
    throw Failure.refused(422, "call-centre.incomplete", "`callId` and `summary` are needed");
  }
  const queue = text(report.queue, 100);
  const hidden = report.confidential === true;
  const caller = text(report.caller, 40);
  return intake.received({
    externalId,
    channel: config.channel,
    kind: intake.kindOf(text(report.kind, 40)) ?? kindOfQueue(config, queue),
    title: text(report.title, intake.TITLE_CHARS_MAX),
    content,
    occurredAt: time(report.startedAt),
    address: text(report.address, 500),
    region: text(report.region, 64),
    petitioner: {
      name: text(report.callerName, 100),
      // Shorter ones are no numbers: "-", "无".
      phone: caller !== null && caller.length >= 3 ? caller : null,
      confidential: hidden || undefined,
    },
    urgency: intake.urgencyOf(text(report.urgency, 40)),
    attachments: recording(report.recording),
    extra: { agent: text(report.agent, 64), queue },
  });
}

/** Only what the administrator has named: `constructor` is a member of every object. */
function kindOfQueue(config, queue) {
  return Object.hasOwn(config.queues, String(queue)) ? config.queues[String(queue)] : config.kind;
}

/** The recording stays where it is: it is heard by those who may, at the call centre. */
function recording(given) {
  const ref = id(given?.id);
  if (ref === null) return [];
  const url = text(given.url, 2048);
  const named = { provider: "call-centre", ref, mediaType: "audio/mpeg" };
  return [url !== null && /^https?:\/\/[^\s]+$/.test(url) ? { ...named, url } : named];
}
