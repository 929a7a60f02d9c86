"""Standard Webhooks 1.0: `v1` signatures, made and checked over the raw body.

It knows no body format and keeps no list of seen ids; the host drops a second event with the same id.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Optional, Sequence

from .failure import Failure
from .host import Host
from .signature import check_age, matches
from .types import HttpRequest

#: How far a timestamp may be off, in either direction.
TOLERANCE_SECS = 300


def sign(host: Host, secret: str, id: str, timestamp_secs: int, body: bytes) -> str:
    """The value of `webhook-signature` for a message."""
    mac = host.hmac(secret, "base64", "sha256", _signed_content(id, str(timestamp_secs), body))
    return f"v1,{base64.b64encode(mac).decode()}"


def verify(host: Host, secrets: Sequence[str], request: HttpRequest, now_ms: int) -> str:
    """Checks the signature and the age of a request; gives its `webhook-id`. Raises 401 with a stable code."""
    id = _required(request, "webhook-id")
    timestamp = _required(request, "webhook-timestamp")
    signatures = _required(request, "webhook-signature")
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", id):
        why = "webhook-id is not 1 to 256 printable characters"
        raise Failure.refused(401, "channel.bad-signature", why)
    given = [_base64(entry.removeprefix("v1,")) for entry in signatures.split(" ") if entry.startswith("v1,")]
    if not matches(host, secrets, _signed_content(id, timestamp, request.bytes()), given, encoding="base64"):
        raise Failure.refused(401, "channel.bad-signature", "no signature matches")
    check_age(timestamp, now_ms, TOLERANCE_SECS)
    return id


def _signed_content(id: str, timestamp: str, body: bytes) -> bytes:
    return f"{id}.{timestamp}.".encode() + body


def _required(request: HttpRequest, name: str) -> str:
    """The header must be there exactly once: with two of them, who reads which one is anybody's guess."""
    value = request.only_header(name)
    if value is not None:
        return value
    there = request.header(name) is not None
    code, why = ("bad-signature", "there twice") if there else ("missing-signature", "missing")
    raise Failure.refused(401, f"channel.{code}", f"header `{name}` is {why}")


def _base64(text: str) -> Optional[bytes]:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
