"""Signatures by HMAC, checked over what was sent before anybody reads it. The key stays on the host.

What is signed, and how the signature is written, is the provider's; that it is compared in constant time, and what
it means when no key is there, is the same for all.
"""

from __future__ import annotations

import hmac
import re
from typing import Iterable, Literal, Optional, Sequence

from .failure import Failure, HostError
from .host import Host
from .types import HttpRequest

Encoding = Literal["utf8", "hex", "base64"]
Algorithm = Literal["sha256", "sha1"]


def matches(
    host: Host,
    secrets: Sequence[str],
    data: bytes,
    given: Iterable[Optional[bytes]],
    *,
    encoding: Encoding = "utf8",
    algorithm: Algorithm = "sha256",
) -> bool:
    """Is one of `given` the HMAC of `data` with one of the secrets? Several serve the change of keys.

    Raises `misconfigured` if none of the secrets is usable.
    """
    found, usable, reason, given = False, False, "no secret is named", list(given)
    for name in secrets:
        try:
            mac = host.hmac(name, encoding, algorithm, data)
        except HostError as error:
            # While keys are not being changed only one of them is there.
            if error.tag == "unsupported":
                raise Failure.misconfigured("channel.secret-unusable", str(error)) from None
            reason = f"secret `{name}` is not set" if error.tag == "not-set" else str(error)
            continue
        usable = True
        for one in given:
            # Not `found or`: it looks at all of them, whichever fits.
            found = (one is not None and hmac.compare_digest(mac, one)) or found
    if not usable:
        raise Failure.misconfigured("channel.secret-not-set", reason)
    return found


def check(
    host: Host,
    request: HttpRequest,
    secrets: Sequence[str],
    header: str,
    data: Optional[bytes] = None,
    *,
    prefix: str = "",
    encoding: Encoding = "utf8",
    algorithm: Algorithm = "sha256",
) -> None:
    """Checks the hexadecimal HMAC in a header over `data` (the raw body, if not given); raises 401 where it does
    not fit. `prefix` stands before it, e.g. `sha256=`."""
    text = request.only_header(header)
    if text is None:
        raise Failure.refused(401, "channel.missing-signature", f"header `{header}` must be there once")
    given = _hex(text.removeprefix(prefix)) if text.startswith(prefix) else None
    covered = request.bytes() if data is None else data
    if not matches(host, secrets, covered, [given], encoding=encoding, algorithm=algorithm):
        raise Failure.refused(401, "channel.bad-signature", "the signature does not match")


def check_age(seconds: Optional[str], now_ms: int, tolerance_secs: int = 300) -> None:
    """Checks a time in seconds, which a signature must cover; raises 401 where it is too far from now.

    To be called behind the check of the signature: who cannot sign learns nothing of our clock.
    """
    if not re.fullmatch(r"[0-9]{1,12}", seconds or ""):
        raise Failure.refused(401, "channel.bad-signature", "the time is not a number of seconds")
    if abs(now_ms // 1000 - int(seconds or 0)) > tolerance_secs:
        why = f"the time is more than {tolerance_secs} seconds away from now"
        raise Failure.refused(401, "channel.stale-timestamp", why)


def _hex(text: str) -> Optional[bytes]:
    return bytes.fromhex(text) if re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text) else None
