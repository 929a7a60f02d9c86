"""Write a channel of Yiwang in Python: plain functions, and a fake host for unit tests.

    from yiwang_sdk import CallContext, Host, HttpRequest, HttpResponse, Outcome

    def webhook(host: Host, ctx: CallContext, request: HttpRequest) -> Outcome:
        host.info("somebody called")
        return Outcome(HttpResponse.text(200, "hello"))

All that a channel may ask of the world is in `host`, which each function is given first. Nothing here calls the
world by itself, so that a channel runs in a component and, with `yiwang_sdk.fake`, in any Python.
"""

from .failure import Failure, FailureKind, HostError
from .host import Host
from .types import (
    BlobRef,
    CallContext,
    DeliveryOutcome,
    DeliveryState,
    DeliveryUpdate,
    Event,
    FormPart,
    Header,
    Health,
    HealthStatus,
    HttpRequest,
    HttpResponse,
    Notification,
    Outcome,
    OutgoingRequest,
    Page,
    Payload,
    Problem,
    Receipt,
    Recipient,
)

__all__ = [
    "BlobRef",
    "CallContext",
    "DeliveryOutcome",
    "DeliveryState",
    "DeliveryUpdate",
    "Event",
    "Failure",
    "FailureKind",
    "FormPart",
    "Header",
    "Health",
    "HealthStatus",
    "Host",
    "HostError",
    "HttpRequest",
    "HttpResponse",
    "Notification",
    "Outcome",
    "OutgoingRequest",
    "Page",
    "Payload",
    "Problem",
    "Receipt",
    "Recipient",
]
