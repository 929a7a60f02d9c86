"""A host made of memory, for unit tests of a channel by plain `python -m unittest`.

It grants everything that was put into it and nothing else. It checks no manifest and no limit: the fixtures of a
plugin, run on the real component by the real host, do.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from typing import Any, Mapping, Optional, Sequence, Union
from urllib.parse import parse_qsl, urlsplit

from .failure import HostError
from .types import BlobRef, CallContext, Header, HttpRequest, HttpResponse, OutgoingRequest

#: 2024-06-04T14:30:00+08:00.
NOW_MS = 1_717_482_600_000


class Host:
    """Answers are given in order: a response, or a `HostError`, which is raised."""

    def __init__(
        self,
        config: Optional[dict[str, Any]] = None,
        secrets: Optional[dict[str, str]] = None,
        answers: Sequence[Union[HttpResponse, HostError]] = (),
        now_ms: int = NOW_MS,
    ) -> None:
        #: What was sent.
        self.sent: list[OutgoingRequest] = []
        #: What was logged, as `level message`.
        self.lines: list[str] = []
        self._config = config or {}
        self._secrets = secrets or {}
        self._answers = list(answers)
        self._now_ms = now_ms
        self._random = 0
        self._kv: dict[str, tuple[bytes, Optional[int]]] = {}
        self._blobs: dict[str, bytes] = {}

    def advance(self, ms: int) -> None:
        """Time goes on."""
        self._now_ms += ms

    def context(self) -> CallContext:
        """A context for a call at the host's time."""
        title = [("channel-title", "测试渠道")]
        return CallContext(
            "test", "default", "call-1", 1, self._now_ms, self._now_ms + 3000, None, "zh-CN", title
        )

    def log(self, level: str, message: str, **fields: Any) -> None:
        self.lines.append(f"{level} {message}")

    def info(self, message: str, **fields: Any) -> None:
        self.log("info", message)

    def warn(self, message: str, **fields: Any) -> None:
        self.log("warn", message)

    def config(self) -> dict[str, Any]:
        return copy.deepcopy(self._config)

    def now_ms(self) -> int:
        return self._now_ms

    def random(self, length: int) -> bytes:
        first, self._random = self._random + 1, self._random + length
        return bytes((first + at) & 255 for at in range(length))

    def secret(self, name: str) -> str:
        if name not in self._secrets:
            raise HostError("secrets", "not-set")
        return self._secrets[name]

    def hmac(self, name: str, encoding: str, algorithm: str, data: bytes) -> bytes:
        secret = self.secret(name)
        try:
            key = {
                "utf8": lambda: secret.encode(),
                "hex": lambda: bytes.fromhex(secret),
                "base64": lambda: base64.b64decode(secret.removeprefix("whsec_")),
            }[encoding]()
        except (KeyError, ValueError):
            raise HostError("secrets", "unsupported", f"{name}: not in this encoding") from None
        if algorithm not in ("sha256", "sha1"):
            raise HostError("secrets", "unsupported", f"{name}: no such algorithm")
        return hmac.digest(key, data, algorithm)

    def kv_get(self, key: str) -> Optional[bytes]:
        value, until = self._kv.get(key, (None, None))
        return value if until is None or until > self._now_ms else None

    def kv_set(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> None:
        self._kv[key] = (value, None if ttl_ms is None else self._now_ms + ttl_ms)

    def kv_set_if_absent(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> bool:
        absent = self.kv_get(key) is None
        if absent:
            self.kv_set(key, value, ttl_ms)
        return absent

    def kv_delete(self, key: str) -> None:
        self._kv.pop(key, None)

    def blob(self, ref: BlobRef, bytes_max: int) -> bytes:
        if ref.digest not in self._blobs:
            raise HostError("blobs", "not-found")
        data = self._blobs[ref.digest]
        if len(data) > bytes_max:
            raise HostError("blobs", "too-large", len(data))
        return data

    def put_blob(self, media_type: str, file_name: Optional[str], data: bytes) -> BlobRef:
        ref = blob(media_type, file_name, data)
        self._blobs[ref.digest] = data
        return ref

    def http(self, request: OutgoingRequest) -> HttpResponse:
        self.sent.append(request)
        if not self._answers:
            raise HostError("http", "denied", f"no answer is recorded for {request.url}")
        answer = self._answers.pop(0)
        if isinstance(answer, HostError):
            raise answer
        return answer


def blob(media_type: str, file_name: Optional[str], data: bytes) -> BlobRef:
    """A reference to these bytes."""
    return BlobRef(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), media_type, file_name)


def get(path: str, headers: Optional[Mapping[str, str]] = None) -> HttpRequest:
    """A request without a body; `path` may carry a query."""
    parts = urlsplit(path)
    lines = [Header(name.lower(), value) for name, value in (headers or {}).items()]
    return HttpRequest("GET", parts.path, parse_qsl(parts.query, keep_blank_values=True), lines)


def post(path: str, content_type: str, body: str, headers: Optional[Mapping[str, str]] = None) -> HttpRequest:
    """A request with a text body."""
    request = get(path, {"content-type": content_type, **(headers or {})})
    request.method, request.body = "POST", body
    return request


def post_json(path: str, value: Any, headers: Optional[Mapping[str, str]] = None) -> HttpRequest:
    """A request with a JSON body."""
    return post(path, "application/json", json.dumps(value, ensure_ascii=False), headers)
