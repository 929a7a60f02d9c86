"""What a channel may ask of the world. A refusal is raised as a `HostError`."""

from __future__ import annotations

from typing import Any, Literal, Optional, Protocol

from .types import BlobRef, HttpResponse, OutgoingRequest

Level = Literal["trace", "debug", "info", "warn", "error"]


class Host(Protocol):
    """The host's side: the imports of a component, or `yiwang_sdk.fake.Host` in a unit test."""

    def log(self, level: Level, message: str, **fields: Any) -> None:
        """A structured log line. Never personal data, never a secret."""

    def info(self, message: str, **fields: Any) -> None:
        """A line at level `info`."""

    def warn(self, message: str, **fields: Any) -> None:
        """A line at level `warn`."""

    def config(self) -> dict[str, Any]:
        """The channel's configuration, checked against the manifest's schema."""

    def now_ms(self) -> int:
        """Milliseconds since 1970; `ctx.now_ms` is enough for most uses."""

    def random(self, length: int) -> bytes:
        """Random bytes, at most 64 KiB."""

    def secret(self, name: str) -> str:
        """A secret's value; manifest and administrator must say `reveal`."""

    def hmac(
        self, name: str, encoding: Literal["utf8", "hex", "base64"], algorithm: Literal["sha256", "sha1"], data: bytes
    ) -> bytes:
        """HMAC with a key that stays on the host."""

    def kv_get(self, key: str) -> Optional[bytes]:
        """A value of this channel's small store."""

    def kv_set(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> None:
        """Stores a value, for so many milliseconds or for good."""

    def kv_set_if_absent(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> bool:
        """Stores a value unless one is there; true: stored."""

    def kv_delete(self, key: str) -> None:
        """Removes a value."""

    def blob(self, ref: BlobRef, bytes_max: int) -> bytes:
        """The bytes of a file that was handed to this call or made by it."""

    def put_blob(self, media_type: str, file_name: Optional[str], data: bytes) -> BlobRef:
        """Keeps a file."""

    def http(self, request: OutgoingRequest) -> HttpResponse:
        """Sends a request to a granted host."""
