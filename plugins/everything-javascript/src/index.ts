/** For tests only: every function that a channel may have, and every one of the host's, once. In TypeScript. */

import {
  channel,
  codec,
  Event,
  Failure,
  HostError,
  HttpResponse,
  OutgoingRequest,
  type BlobRef,
  type Host,
  type HttpRequest,
  type Outcome,
} from "yiwang-sdk";

const RECEIVED = "cn.yiwang.intake.received.v1";

export default channel({
  checkHealth: (host) => ({ status: "degraded", message: host.secret("key") }),

  webhook(host, ctx, request) {
    const file = request.form.map((part) => part.file()).find((kept) => kept !== null);
    if (file) return copied(host, request, file);
    const answer = { ...counted(host), secret: host.secret("key"), mac: codec.hex(host.hmac("key", "utf8", "sha256", codec.utf8("x"))) };
    const seen = { query: request.parameter("a"), bytes: request.bytes().length, clock: host.nowMs() === ctx.nowMs && Date.now() === ctx.nowMs };
    console.log("chance", Math.random() < 1, host.random(4).length);
    return { response: HttpResponse.json(200, { ...answer, ...seen }) };
  },

  poll(host, ctx, cursor, eventsMax) {
    const request = new OutgoingRequest("GET", `https://api.example.cn/list?since=${cursor ?? 0}`);
    const items: string[] = host.http(request.with("x-key", "${secret:key}").within(1000)).json().items;
    const events = items.slice(0, eventsMax).map((id) => new Event(RECEIVED, id, { id }).inSession("s", 1000));
    return { events, cursor: items.at(-1), more: true, nextAfterMs: 90_000 };
  },

  send(host, ctx, notification) {
    const { recipient, params } = notification;
    const answer = host.http(new OutgoingRequest("POST", "https://api.example.cn/send").withJson({ to: recipient.address, params }));
    if (answer.status !== 200) throw Failure.retryable("everything.busy", "it is busy").after(5000);
    return { state: "sent", providerId: answer.header("x-id"), attributes: [["a", "b"]] };
  },

  deliveryCallback: () => ({ response: HttpResponse.empty(204) }),
});

/** The small store, with what it refuses. */
function counted(host: Host) {
  const count = (host.kvGet("count")?.[0] ?? 0) + 1;
  host.kvSet("count", Uint8Array.of(count), 60_000);
  const first = host.kvSetIfAbsent("first", codec.utf8("x"));
  host.kvDelete("nothing");
  try {
    host.kvSet("", codec.utf8("x"));
  } catch (error) {
    if (error instanceof HostError) return { count, first, refused: error.tag };
  }
  return { count, first };
}

/** A file, read and kept again. */
function copied(host: Host, request: HttpRequest, file: BlobRef): Outcome {
  const bytes = host.blob(file, 100);
  const copy = host.putBlob("text/plain", "copy.txt", bytes);
  const event = new Event(RECEIVED, "file", { text: codec.fromUtf8(bytes), name: request.field("name"), same: copy.digest === file.digest });
  event.attachments = [copy];
  return { response: HttpResponse.json(200, { size: file.size }), events: [event] };
}
