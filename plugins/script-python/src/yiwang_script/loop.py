"""The event loop of `asyncio` without a system below: when nothing is left but to wait, the clock jumps."""

import asyncio
from asyncio import base_events, events

from . import clock


class _Jumps:
    """In the place of a selector: there is nothing to select from but the next timer."""

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("the script waits for something that will never happen")
        clock.forward(timeout)
        return []

    def close(self):
        pass


class Loop(base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = _Jumps()
        # A timer is due when its time has come, not within the grain of a clock that has none.
        self._clock_resolution = 1e-9

    def time(self):
        return clock.passed()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class _Policy(events._BaseDefaultEventLoopPolicy):
    _loop_factory = Loop


def begin():
    """Makes it the loop that `asyncio.run` takes."""
    events._event_loop_policy = _Policy()
    asyncio.EventLoop = Loop
