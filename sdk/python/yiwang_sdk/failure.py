"""What a channel says when it cannot do what is asked, and what the host says when it does not."""

from __future__ import annotations

from typing import Any, Literal

FailureKind = Literal["retryable", "permanent", "unknown-outcome", "misconfigured"]


class Failure(Exception):
    """How the call ends; raised by a channel. `kind` says how the host goes on."""

    def __init__(self, kind: FailureKind, code: str, message: str) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.code = code
        self.message = message
        self.retry_after_ms: int | None = None
        self.attributes: list[tuple[str, str]] = []

    @staticmethod
    def permanent(code: str, message: str) -> Failure:
        """Will never succeed with this input."""
        return Failure("permanent", code, message)

    @staticmethod
    def refused(status: int, code: str, message: str) -> Failure:
        """The caller's mistake, answered with this status (400 to 499)."""
        return Failure.permanent(code, message).with_attribute("http-status", str(status))

    @staticmethod
    def retryable(code: str, message: str) -> Failure:
        """Nothing happened; try again."""
        return Failure("retryable", code, message)

    @staticmethod
    def unknown_outcome(code: str, message: str) -> Failure:
        """Nobody knows whether it happened."""
        return Failure("unknown-outcome", code, message)

    @staticmethod
    def misconfigured(code: str, message: str) -> Failure:
        """The configuration or a secret is wrong."""
        return Failure("misconfigured", code, message)

    def after(self, retry_after_ms: int | None) -> Failure:
        """Not before so many milliseconds."""
        self.retry_after_ms = retry_after_ms
        return self

    def with_attribute(self, name: str, value: str) -> Failure:
        """One more attribute."""
        self.attributes.append((name, value))
        return self


class HostError(Exception):
    """The host did not do what it was asked.

    `part` is `secrets`, `kv`, `blobs` or `http`, `tag` the case of the contract (`denied`, `not-set`, `timeout`,
    …), `value` what the case carries.
    """

    def __init__(self, part: str, tag: str, value: Any = None) -> None:
        super().__init__(value if isinstance(value, str) else f"{part}: {tag}")
        self.part = part
        self.tag = tag
        self.value = value

    def failure(self, provider: str = "channel") -> Failure:
        """What it means for the call, if the channel has nothing better to say. `provider` begins the code."""
        message = str(self)
        if self.part == "secrets":
            return Failure.misconfigured("channel.secret-unusable", message)
        if self.tag == "denied":
            return Failure.misconfigured(f"{provider}.denied", message)
        if self.tag == "invalid-request":
            return Failure.permanent(f"{provider}.invalid-request", message)
        if self.tag == "timeout":
            if self.value:
                return Failure.unknown_outcome(f"{provider}.timeout", "no answer in time")
            return Failure.retryable(f"{provider}.unreachable", "no connection in time")
        if self.tag in ("dns", "connect", "tls"):
            return Failure.retryable(f"{provider}.unreachable", message)
        if self.tag == "protocol":
            return Failure.unknown_outcome(f"{provider}.protocol", message)
        if self.tag == "response-too-large":
            return Failure.unknown_outcome(f"{provider}.answer", "the answer is too large")
        return Failure.retryable("channel.store-unavailable", message)
