"""Between the SDK's data and what `componentize-py` makes of the contract. Nothing here decides anything."""

from __future__ import annotations

import enum
import re
from typing import Any

from . import types as sdk
from .failure import Failure


def case(value: Any) -> tuple[str, Any]:
    """The name of a variant's case as WIT writes it, and what it carries."""
    if isinstance(value, enum.Enum):
        return value.name.lower().replace("_", "-"), None
    name = type(value).__name__.rsplit("_", 1)[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower(), getattr(value, "value", None)


def _case(name: str) -> str:
    return name.upper().replace("-", "_")


def blob_from(blob: Any) -> sdk.BlobRef:
    return sdk.BlobRef(blob.digest, blob.size, blob.media_type, blob.file_name)


def blob_to(types: Any, blob: sdk.BlobRef) -> Any:
    return types.BlobRef(blob.digest, blob.size, blob.media_type, blob.file_name)


def payload_from(payload: Any) -> sdk.Payload:
    tag, value = case(payload)
    return None if tag == "empty" else blob_from(value) if tag == "blob" else value


def payload_to(types: Any, payload: sdk.Payload) -> Any:
    if payload is None:
        return types.Payload_Empty()
    if isinstance(payload, str):
        return types.Payload_Text(payload)
    if isinstance(payload, sdk.BlobRef):
        return types.Payload_Blob(blob_to(types, payload))
    return types.Payload_Bytes(payload)


def _headers_from(headers: Any) -> list[sdk.Header]:
    return [sdk.Header(header.name, header.value) for header in headers]


def _headers_to(types: Any, headers: list[sdk.Header]) -> list[Any]:
    return [types.Header(header.name, header.value) for header in headers]


def context_from(ctx: Any) -> sdk.CallContext:
    return sdk.CallContext(
        ctx.channel_id,
        ctx.tenant,
        ctx.call_id,
        ctx.attempt,
        ctx.now_ms,
        ctx.deadline_ms,
        ctx.traceparent,
        ctx.locale,
        list(ctx.attributes),
    )


def request_from(request: Any) -> sdk.HttpRequest:
    return sdk.HttpRequest(
        request.method,
        request.path,
        list(request.query),
        _headers_from(request.headers),
        request.client_addr,
        payload_from(request.body),
        [sdk.FormPart(part.name, payload_from(part.content)) for part in request.form],
    )


def response_from(response: Any) -> sdk.HttpResponse:
    return sdk.HttpResponse(response.status, _headers_from(response.headers), payload_from(response.body))


def response_to(types: Any, response: sdk.HttpResponse) -> Any:
    return types.HttpResponse(
        response.status, _headers_to(types, response.headers), payload_to(types, response.body)
    )


def outgoing_to(http: Any, types: Any, request: sdk.OutgoingRequest) -> Any:
    return http.Request(
        request.method,
        request.url,
        _headers_to(types, request.headers),
        payload_to(types, request.body),
        [types.FormPart(part.name, payload_to(types, part.content)) for part in request.form],
        request.timeout_ms,
        request.max_redirects,
        request.response_to_blob,
        request.max_response_bytes,
    )


def event_to(types: Any, event: sdk.Event) -> Any:
    return types.Event(
        event.id,
        event.event_type,
        event.subject,
        event.time,
        event.data_schema,
        sdk.dumps(event.data),
        [blob_to(types, blob) for blob in event.attachments],
        event.attributes,
    )


def failure_to(types: Any, failure: Failure) -> Any:
    return types.Failure(
        types.FailureKind[_case(failure.kind)],
        failure.code,
        failure.message,
        failure.retry_after_ms,
        failure.attributes,
    )


def notification_from(notification: Any, params: dict[str, Any]) -> sdk.Notification:
    whom = notification.recipient
    return sdk.Notification(
        notification.idempotency_key,
        sdk.Recipient(whom.kind, whom.address, whom.display_name),
        notification.body,
        notification.template,
        params,
        notification.subject,
        notification.body_type,
        [blob_from(blob) for blob in notification.attachments],
        list(notification.attributes),
    )


def state_to(types: Any, state: sdk.DeliveryState) -> Any:
    return types.DeliveryState[_case(state)]


def update_to(types: Any, update: sdk.DeliveryUpdate) -> Any:
    failure = None if update.failure is None else failure_to(types, update.failure)
    return types.DeliveryUpdate(
        update.provider_id, state_to(types, update.state), update.time, failure, update.attributes
    )
