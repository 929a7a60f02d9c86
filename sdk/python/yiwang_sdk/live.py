"""The host of a component: the imports of its world. What the manifest does not ask for is not there."""

from __future__ import annotations

import json
from typing import Any, Callable, Optional

from . import convert
from .failure import HostError
from .types import BlobRef, HttpResponse, OutgoingRequest

#: How much of a file is read or written at once.
_CHUNK_BYTES = 64 * 1024


class LiveHost:
    """`imports` are the modules of the interfaces, by their names; `err` is how they refuse."""

    def __init__(self, imports: dict[str, Any], types: Any, err: type[Any]) -> None:
        self._imports = imports
        self._types = types
        self._err = err

    def _ask(self, part: str, work: Callable[[Any], Any]) -> Any:
        """Does it, and says in whose words the host refuses."""
        functions = self._imports.get(part)
        if functions is None:
            raise HostError(part, "denied", f"plugin.toml does not ask for `permissions.{part}`")
        try:
            return work(functions)
        except self._err as error:
            tag, value = convert.case(error.value)
            raise HostError(part, tag, value) from None

    def log(self, level: str, message: str, **fields: Any) -> None:
        log = self._imports["log"]
        log.write(log.Level[level.upper()], message, [(name, str(value)) for name, value in fields.items()])

    def info(self, message: str, **fields: Any) -> None:
        self.log("info", message, **fields)

    def warn(self, message: str, **fields: Any) -> None:
        self.log("warn", message, **fields)

    def config(self) -> dict[str, Any]:
        return json.loads(self._imports["config"].get())

    def now_ms(self) -> int:
        return self._imports["system"].now_ms()

    def random(self, length: int) -> bytes:
        return self._imports["system"].random_bytes(length)

    def secret(self, name: str) -> str:
        return self._ask("secrets", lambda secrets: secrets.get(name))

    def hmac(self, name: str, encoding: str, algorithm: str, data: bytes) -> bytes:
        return self._ask("secrets", lambda secrets: secrets.hmac(name, encoding, algorithm, data))

    def kv_get(self, key: str) -> Optional[bytes]:
        return self._ask("kv", lambda kv: kv.get(key))

    def kv_set(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> None:
        self._ask("kv", lambda kv: kv.set(key, value, ttl_ms))

    def kv_set_if_absent(self, key: str, value: bytes, ttl_ms: Optional[int] = None) -> bool:
        return self._ask("kv", lambda kv: kv.set_if_absent(key, value, ttl_ms))

    def kv_delete(self, key: str) -> None:
        self._ask("kv", lambda kv: kv.delete(key))

    def blob(self, ref: BlobRef, bytes_max: int) -> bytes:
        if ref.size > bytes_max:
            raise HostError("blobs", "too-large", ref.size)

        def read(blobs: Any) -> bytes:
            reader, data = blobs.open(convert.blob_to(self._types, ref)), bytearray()
            while chunk := reader.read(_CHUNK_BYTES):
                data += chunk
                if len(data) > bytes_max:
                    raise HostError("blobs", "too-large", len(data))
            return bytes(data)

        return self._ask("blobs", read)

    def put_blob(self, media_type: str, file_name: Optional[str], data: bytes) -> BlobRef:
        def write(blobs: Any) -> Any:
            writer = blobs.create(media_type, file_name)
            for at in range(0, len(data), _CHUNK_BYTES):
                writer.write(data[at : at + _CHUNK_BYTES])
            return blobs.finish(writer)

        return convert.blob_from(self._ask("blobs", write))

    def http(self, request: OutgoingRequest) -> HttpResponse:
        def send(http: Any) -> Any:
            return http.send(convert.outgoing_to(http, self._types, request))

        return convert.response_from(self._ask("http", send))
