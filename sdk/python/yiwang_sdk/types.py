"""The data of the contract (`sdk/wit`), with small conveniences. They know nothing of any channel."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, Optional, Union

from . import strict_json
from .failure import Failure

Attributes = list[tuple[str, str]]
DeliveryState = Literal["accepted", "sent", "delivered", "read", "failed"]
HealthStatus = Literal["up", "degraded", "down"]


@dataclass
class BlobRef:
    """A file that the host keeps; its bytes stay there."""

    digest: str
    size: int
    media_type: str
    file_name: Optional[str] = None


#: The body of a request, a response or a part of a form.
Payload = Union[None, str, bytes, BlobRef]


@dataclass
class Header:
    """One header line. Names are in lower case in what the host hands over."""

    name: str
    value: str


@dataclass
class CallContext:
    """What the host knows about this call."""

    channel_id: str
    tenant: str
    call_id: str
    attempt: int
    now_ms: int
    deadline_ms: int
    traceparent: Optional[str] = None
    locale: str = "zh-CN"
    attributes: Attributes = field(default_factory=list)


@dataclass
class FormPart:
    """One part of a form that the host has read."""

    name: str
    content: Payload

    def text(self) -> Optional[str]:
        """The value of a field; none for a file."""
        return "" if self.content is None else self.content if isinstance(self.content, str) else None

    def file(self) -> Optional[BlobRef]:
        """The file, kept by the host; none for a field."""
        return self.content if isinstance(self.content, BlobRef) else None


class _Message:
    """What requests and responses have in common."""

    headers: list[Header]
    body: Payload

    def header(self, name: str) -> Optional[str]:
        """The first header with this lower-case name."""
        return next((header.value for header in self.headers if header.name == name), None)

    def bytes(self) -> bytes:
        """The raw body; empty for a parsed multipart form or a file on the host."""
        if isinstance(self.body, str):
            return self.body.encode()
        return self.body if isinstance(self.body, bytes) else b""

    def text(self) -> Optional[str]:
        """The body as text; none if it is not UTF-8."""
        if isinstance(self.body, str):
            return self.body
        try:
            return self.bytes().decode()
        except UnicodeDecodeError:
            return None


@dataclass
class HttpRequest(_Message):
    """A request that came in."""

    method: str
    path: str
    query: Attributes = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    client_addr: Optional[str] = None
    body: Payload = None
    form: list[FormPart] = field(default_factory=list)

    def only_header(self, name: str) -> Optional[str]:
        """The header with this lower-case name if it is there exactly once."""
        found = [header.value for header in self.headers if header.name == name]
        return found[0] if len(found) == 1 else None

    def parameter(self, name: str) -> Optional[str]:
        """The first query value with this name."""
        return next((value for key, value in self.query if key == name), None)

    def media_type(self) -> str:
        """The media type of the body in lower case, without parameters; empty if there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON, read strictly; a ValueError says what is wrong."""
        text = self.text()
        if text is None:
            raise ValueError("it is not UTF-8")
        return strict_json.parse(text)

    def object(self, code: str) -> dict[str, Any]:
        """The body as a JSON object; anything else is refused with 400 and this code."""
        try:
            value = self.json()
        except ValueError as error:
            raise Failure.refused(400, code, str(error)) from None
        if not isinstance(value, dict):
            raise Failure.refused(400, code, "it is no JSON object")
        return value

    def field(self, name: str) -> Optional[str]:
        """The value of the first form field with this name; none if there is none, or if it is a file."""
        part = next((part for part in self.form if part.name == name), None)
        return None if part is None else part.text()


@dataclass
class HttpResponse(_Message):
    """What a caller is answered, or what a provider answered."""

    status: int
    headers: list[Header] = field(default_factory=list)
    body: Payload = None

    @staticmethod
    def empty(status: int) -> HttpResponse:
        """No body."""
        return HttpResponse(status)

    @staticmethod
    def plain(status: int, text: str) -> HttpResponse:
        """Plain text."""
        return HttpResponse.typed(status, "text/plain; charset=utf-8", text)

    @staticmethod
    def of_json(status: int, value: Any) -> HttpResponse:
        """JSON."""
        return HttpResponse.typed(status, "application/json", dumps(value))

    @staticmethod
    def typed(status: int, content_type: str, text: str) -> HttpResponse:
        """A body of this content type."""
        return HttpResponse(status, [Header("content-type", content_type)], text)

    def with_header(self, name: str, value: str) -> HttpResponse:
        """One more header."""
        self.headers.append(Header(name, value))
        return self

    def json(self) -> Any:
        """The body as JSON, read strictly; a ValueError says what is wrong."""
        return strict_json.parse(self.text() or "")


@dataclass
class OutgoingRequest:
    """A request to a provider."""

    method: str
    url: str
    headers: list[Header] = field(default_factory=list)
    body: Payload = None
    form: list[FormPart] = field(default_factory=list)
    timeout_ms: Optional[int] = None
    max_redirects: int = 0
    response_to_blob: bool = False
    max_response_bytes: Optional[int] = None

    def with_header(self, name: str, value: str) -> OutgoingRequest:
        """One more header."""
        self.headers.append(Header(name, value))
        return self

    def with_json(self, value: Any) -> OutgoingRequest:
        """A JSON body."""
        self.body = dumps(value)
        return self.with_header("content-type", "application/json")


@dataclass
class Event:
    """What a channel hands over; `data` is a JSON object."""

    event_type: str
    id: str
    data: dict[str, Any]
    subject: Optional[str] = None
    #: RFC 3339; the host fills it in.
    time: Optional[str] = None
    data_schema: Optional[str] = None
    attachments: list[BlobRef] = field(default_factory=list)
    attributes: Attributes = field(default_factory=list)

    def in_session(self, key: str, window_ms: int) -> Event:
        """Gathers all events with this key that come within the window into one."""
        self.attributes += [("session", key), ("session-window-ms", str(window_ms))]
        return self


@dataclass
class Outcome:
    """The answer to a request; it is sent when events and updates are durable."""

    response: HttpResponse
    events: list[Event] = field(default_factory=list)
    #: What became of messages, where the provider reports it with other callbacks.
    updates: list[DeliveryUpdate] = field(default_factory=list)


@dataclass
class Page:
    """What is new; `cursor` is at most 4 KiB that only the plugin reads."""

    events: list[Event] = field(default_factory=list)
    cursor: Optional[str] = None
    #: Call again at once.
    more: bool = False
    #: A wish for a longer pause.
    next_after_ms: Optional[int] = None
    #: What became of messages, where it is fetched.
    updates: list[DeliveryUpdate] = field(default_factory=list)


@dataclass
class Recipient:
    """Whom a message is for: `openid`, `mobile`, `email`, `user-id`, `url`, …"""

    kind: str
    address: str
    display_name: Optional[str] = None


@dataclass
class Notification:
    """A message to a person."""

    idempotency_key: str
    recipient: Recipient
    body: str
    #: Template of the channel; none: free text.
    template: Optional[str] = None
    params: dict[str, Any] = field(default_factory=dict)
    subject: Optional[str] = None
    body_type: str = "text/plain"
    attachments: list[BlobRef] = field(default_factory=list)
    attributes: Attributes = field(default_factory=list)


@dataclass
class Receipt:
    """A message was taken; later delivery reports name `provider_id`."""

    state: DeliveryState
    provider_id: Optional[str] = None
    attributes: Attributes = field(default_factory=list)


@dataclass
class DeliveryUpdate:
    """What became of a message."""

    provider_id: str
    state: DeliveryState
    time: Optional[str] = None
    failure: Optional[Failure] = None
    attributes: Attributes = field(default_factory=list)


@dataclass
class DeliveryOutcome:
    """The answer to a provider's report."""

    response: HttpResponse
    updates: list[DeliveryUpdate] = field(default_factory=list)


@dataclass
class Health:
    """How the channel is doing."""

    status: HealthStatus = "up"
    message: str = ""
    details: Attributes = field(default_factory=list)


@dataclass
class Problem:
    """What is wrong with a configuration, at a JSON pointer."""

    pointer: str
    message: str


def dumps(value: Any) -> str:
    """JSON as short as it can be; what JSON does not have is a ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
