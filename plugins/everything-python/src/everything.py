"""For tests only: every function that a channel may have, and every one of the host's, once."""

import random
import time

from yiwang_sdk import (
    BlobRef,
    CallContext,
    DeliveryOutcome,
    Event,
    Failure,
    Health,
    Host,
    HostError,
    HttpRequest,
    HttpResponse,
    Notification,
    Outcome,
    OutgoingRequest,
    Page,
    Receipt,
)

RECEIVED = "cn.yiwang.intake.received.v1"


def check_health(host: Host, ctx: CallContext) -> Health:
    return Health("degraded", host.secret("key"))


def webhook(host: Host, ctx: CallContext, request: HttpRequest) -> Outcome:
    file = next((kept for part in request.form if (kept := part.file())), None)
    if file is not None:
        return copied(host, request, file)
    answer = counted(host) | {"secret": host.secret("key"), "mac": host.hmac("key", "utf8", "sha256", b"x").hex()}
    clock = host.now_ms() == ctx.now_ms and time.time_ns() == ctx.now_ms * 1_000_000
    seen = {"query": request.parameter("a"), "bytes": len(request.bytes()), "clock": clock}
    print("chance", random.random() < 1, len(host.random(4)))
    return Outcome(HttpResponse.of_json(200, answer | seen))


def poll(host: Host, ctx: CallContext, cursor: str | None, events_max: int) -> Page:
    request = OutgoingRequest("GET", f"https://api.example.cn/list?since={cursor or 0}", timeout_ms=1000)
    items = host.http(request.with_header("x-key", "${secret:key}")).json()["items"]
    events = [Event(RECEIVED, id, {"id": id}).in_session("s", 1000) for id in items[:events_max]]
    return Page(events, items[-1], more=True, next_after_ms=90_000)


def send(host: Host, ctx: CallContext, notification: Notification) -> Receipt:
    request = OutgoingRequest("POST", "https://api.example.cn/send")
    asked = {"to": notification.recipient.address, "params": notification.params}
    answer = host.http(request.with_json(asked))
    if answer.status != 200:
        raise Failure.retryable("everything.busy", "it is busy").after(5000)
    return Receipt("sent", answer.header("x-id"), [("a", "b")])


def delivery_callback(host: Host, ctx: CallContext, request: HttpRequest) -> DeliveryOutcome:
    return DeliveryOutcome(HttpResponse.empty(204))


def counted(host: Host) -> dict:
    """The small store, with what it refuses."""
    count = (host.kv_get("count") or b"\0")[0] + 1
    host.kv_set("count", bytes([count]), 60_000)
    answer = {"count": count, "first": host.kv_set_if_absent("first", b"x")}
    host.kv_delete("nothing")
    try:
        host.kv_set("", b"x")
    except HostError as error:
        answer["refused"] = error.tag
    return answer


def copied(host: Host, request: HttpRequest, file: BlobRef) -> Outcome:
    """A file, read and kept again."""
    data = host.blob(file, 100)
    copy = host.put_blob("text/plain", "copy.txt", data)
    event = Event(RECEIVED, "file", {"text": data.decode(), "name": request.field("name"), "same": copy.digest == file.digest})
    event.attachments = [copy]
    return Outcome(HttpResponse.of_json(200, {"size": file.size}), [event])
