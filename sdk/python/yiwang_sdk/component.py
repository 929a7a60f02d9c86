"""The bridge from a channel to the exports of its component.

The builder writes a module that hands the imports of the plugin's own world to `exported`; authors do not call it.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from types import ModuleType
from typing import Any, Callable

from . import convert
from .failure import Failure, HostError
from .live import LiveHost
from .types import Health

#: Exported interfaces of the contract, and the function of a channel that stands behind each.
_PARTS = {
    "webhook": "webhook",
    "poller": "poll",
    "sender": "send",
    "delivery-callback": "delivery_callback",
}


def exported(channel: ModuleType, provides: list[str], types: Any, imports: dict[str, Any]) -> dict[str, type]:
    """The classes of what the manifest provides. `imports` are the interfaces of the world, by their names."""
    from componentize_py_types import Err

    for part in provides:
        if not callable(getattr(channel, _PARTS[part], None)):
            raise TypeError(f"plugin.toml provides `{part}`, and {channel.__name__} has no function `{_PARTS[part]}`")
    host = LiveHost(imports, types, Err)
    # Now: when a call runs there are no files that anything could be imported from.
    named = {part: f"wit_world.exports.{part.replace('-', '_')}" for part in ("lifecycle", *provides)}
    modules = {part: importlib.import_module(name) for part, name in named.items()}

    def module(part: str) -> Any:
        return modules[part]

    def guarded(work: Callable[[], Any]) -> Any:
        """A failure becomes the failure of the contract. What else is raised is the channel's mistake: its words
        go to the log, and the call ends there."""
        try:
            return work()
        except HostError as error:
            raise Err(convert.failure_to(types, error.failure())) from None
        except Failure as failure:
            raise Err(convert.failure_to(types, failure)) from None
        except Exception as error:
            host.log("error", f"{type(error).__name__}: {error}"[:1000], at=_places(error)[-2000:])
            raise

    class Lifecycle:
        def validate_config(self, config: str) -> Any:
            validate = getattr(channel, "validate_config", None)
            if validate is None:
                return []
            problems = guarded(lambda: validate(json.loads(config)))
            return [module("lifecycle").Problem(problem.pointer, problem.message) for problem in problems]

        def check_health(self, ctx: Any) -> Any:
            check, lifecycle = getattr(channel, "check_health", None), module("lifecycle")
            health = Health() if check is None else guarded(lambda: check(host, convert.context_from(ctx)))
            return lifecycle.Health(lifecycle.HealthStatus[health.status.upper()], health.message, health.details)

    class Webhook:
        def handle(self, ctx: Any, request: Any) -> Any:
            def work() -> Any:
                given = channel.webhook(host, convert.context_from(ctx), convert.request_from(request))
                return module("webhook").Outcome(
                    convert.response_to(types, given.response),
                    [convert.event_to(types, event) for event in given.events],
                    [convert.update_to(types, update) for update in given.updates],
                )

            return guarded(work)

    class Poller:
        def poll(self, ctx: Any, cursor: Any, max_events: int) -> Any:
            def work() -> Any:
                given = channel.poll(host, convert.context_from(ctx), cursor, max_events)
                events = [convert.event_to(types, event) for event in given.events]
                updates = [convert.update_to(types, update) for update in given.updates]
                return module("poller").Page(events, updates, given.cursor, given.more, given.next_after_ms)

            return guarded(work)

    class Sender:
        def send(self, ctx: Any, notification: Any) -> Any:
            def work() -> Any:
                asked = convert.notification_from(notification, json.loads(notification.params))
                given = channel.send(host, convert.context_from(ctx), asked)
                state = convert.state_to(types, given.state)
                return module("sender").Receipt(given.provider_id, state, given.attributes)

            return guarded(work)

    class DeliveryCallback:
        def handle(self, ctx: Any, request: Any) -> Any:
            def work() -> Any:
                given = channel.delivery_callback(host, convert.context_from(ctx), convert.request_from(request))
                updates = [convert.update_to(types, update) for update in given.updates]
                return module("delivery-callback").Outcome(convert.response_to(types, given.response), updates)

            return guarded(work)

    _surroundings(host)
    return {
        "lifecycle": Lifecycle,
        "webhook": Webhook,
        "poller": Poller,
        "sender": Sender,
        "delivery-callback": DeliveryCallback,
    }


def _places(error: BaseException) -> str:
    """Where it was raised, without the lines themselves, which would be read from files."""
    frames = traceback.walk_tb(error.__traceback__)
    return " < ".join(f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in reversed(list(frames)))


def _surroundings(host: LiveHost) -> None:
    """What Python expects around it: a clock, chance and an output, all of them the host's."""
    import os
    import random
    import time

    time.time = lambda: host.now_ms() / 1000
    time.time_ns = lambda: host.now_ms() * 1_000_000
    os.urandom = host.random
    random._urandom = host.random  # type: ignore[attr-defined]
    # The one whose state was made when the component was built would give each call the same.
    chance = random.SystemRandom()
    for name in ("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "getrandbits"):
        setattr(random, name, getattr(chance, name))
    sys.stdout, sys.stderr = _Lines(host, "info"), _Lines(host, "warn")


class _Lines:
    """What is printed goes to the log, line by line."""

    encoding = "utf-8"

    def __init__(self, host: LiveHost, level: str) -> None:
        self._host = host
        self._level = level
        self._held = ""

    def write(self, text: str) -> int:
        *lines, self._held = (self._held + text).split("\n")
        for line in lines:
            self._host.log(self._level, line)
        return len(text)

    def flush(self) -> None:
        if self._held:
            self._host.log(self._level, self._held)
            self._held = ""
